import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import {
  alertDefaults,
  autoscaling,
  everyAlert,
  renderRunbooks,
  renderShipped,
} from '../alerts/index.ts'
import { messageOf } from '../core/errors.ts'
import { hasSections } from '../core/markdown.ts'
import { parsePolicy } from '../core/own-policy.ts'
import { policy as shippedPolicy, type Policy } from '../core/policy.ts'
import { packageFile } from '../core/program.ts'
import { buildBoards } from '../dashboards/index.ts'
import { fillPage } from './documents.ts'

/**
 * The only generator: boards, alert rules and their tests, autoscaling, and the tables in the docs, all from
 * core/policy.ts and core/metrics.ts. Without options it writes into the tree; `--check` compares
 * and names each file that differs; `--out DIR` writes elsewhere; `--policy FILE` takes other numbers.
 */
const root = packageFile('.')
const generatedFolders = [
  'alerts/generated',
  'alerts/generated/autoscaling',
  'dashboards/generated',
]
const documentFolders = ['.', 'docs']

/** Every generated file, by its path from the top of the tree. */
async function generate(policy: Policy): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  const boards = await buildBoards(policy)
  for (const board of boards) {
    files.set(`dashboards/generated/${board.name}.json`, board.json)
  }
  for (const [name, text] of renderShipped({ policy, ...alertDefaults })) {
    files.set(`alerts/generated/${name}`, text)
  }
  for (const [name, text] of autoscaling.renderAutoscaling(autoscaling.manifestOptionsOf(policy))) {
    files.set(`alerts/generated/autoscaling/${name}`, text)
  }
  for (const [name, text] of renderRunbooks(everyAlert({ policy, ...alertDefaults }), {
    policy,
    ...alertDefaults,
  })) {
    files.set(`alerts/runbooks/${name}`, text)
  }
  for (const path of documentFolders.flatMap((folder) => filesIn(folder, '.md'))) {
    const page = readFileSync(join(root, path), 'utf8')
    if (!hasSections(page)) continue
    files.set(
      path,
      inPage(path, () => fillPage(page, { policy, boards })),
    )
  }
  return files
}

function inPage(path: string, fill: () => string): string {
  try {
    return fill()
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error })
  }
}

function filesIn(folder: string, ending: string): readonly string[] {
  const directory = join(root, folder)
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map(({ name }) => name)
    .sort()
    .map((name) => join(folder, name))
}

/** What is wrong with the committed files, a sentence each. */
function differences(files: ReadonlyMap<string, string>): readonly string[] {
  const stale = generatedFolders
    .flatMap((folder) => filesIn(folder, ''))
    .filter((path) => !files.has(path))
    .map((path) => `${path} is not generated any more: delete it`)
  const changed = [...files].flatMap(([path, text]) => {
    if (!existsSync(join(root, path))) return [`${path} is missing`]
    return readFileSync(join(root, path), 'utf8') === text
      ? []
      : [`${path} differs from what the policy and the catalogue say`]
  })
  return [...changed, ...stale]
}

function readPolicy(path: string | undefined): Policy {
  if (path === undefined) return shippedPolicy
  const result = parsePolicy(parse(readFileSync(path, 'utf8')))
  if ('problems' in result) throw new Error(`${path}: ${result.problems.join('; ')}`)
  return result.policy
}

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    out: { type: 'string' },
    policy: { type: 'string' },
  },
})
const files = await generate(readPolicy(options.policy))
if (options.check) {
  const problems = differences(files)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) console.error('Run `npm run generate` and commit what it writes.')
  console.log(`generated: ${String(files.size)} files compared, ${String(problems.length)} differ`)
  process.exitCode = problems.length === 0 ? 0 : 1
} else {
  const destination = options.out ?? root
  for (const [path, text] of files) {
    mkdirSync(dirname(join(destination, path)), { recursive: true })
    writeFileSync(join(destination, path), text)
  }
  console.log(`generated: ${String(files.size)} files`)
}
