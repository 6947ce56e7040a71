import { fileURLToPath } from 'node:url'

/**
 * Children of ours (the inference process, tokeniser workers, the demo's server and sidecar) run
 * compiled code, also when the parent runs from source under the test runner: Node 20 cannot load
 * TypeScript in a child. `tsc` mirrors the source tree into `dist/`, so one rule finds them all.
 */
const sourceRoot = new URL('..', import.meta.url)
const runsFromSource = import.meta.url.endsWith('.ts')
const compiledRoot = runsFromSource ? new URL('dist/', sourceRoot) : sourceRoot

/** The file of a compiled module, named from the top of the tree: `reference-server/infer/process.js`. */
export function compiledModule(path: string): string {
  return fileURLToPath(new URL(path, compiledRoot))
}

/** A file that ships as it is (package.json, generated dashboards), named from the top of the package. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, runsFromSource ? sourceRoot : new URL('..', sourceRoot)))
}
