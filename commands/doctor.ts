import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { exitCodes, systemCodeOf } from '../core/errors.ts'
import { k6Remedy } from '../loadgen/index.ts'
import { defineCommand } from './command.ts'

interface Finding {
  readonly ok: boolean
  /** What was found, in a few words. */
  readonly found: string
  /** Where what was found asks for another act than usual. */
  readonly remedy?: string
}

interface Check {
  readonly name: string
  /** What does not work without it. */
  readonly needed: string
  /** The one command (or act) that mends the lack. */
  readonly remedy: string
  look(environment: Environment): Promise<Finding>
}

type Environment = Readonly<Record<string, string | undefined>>

const run = promisify(execFile)
const programLimitSeconds = 10
const cudaProvider = 'libonnxruntime_providers_cuda.so'

/**
 * The npm package brings no CUDA: its install script fetches it (from NuGet) when it is asked to. Where
 * that cannot be reached, the same files are in an npm package; they must be of the binding's version.
 */
function cudaRemedy(): string {
  const { version: own } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
    readonly version: string
  }
  const byHand =
    own === repackaged.onnxruntime
      ? `or \`npm pack ${repackaged.package}\` and copy its libonnxruntime_providers_{shared,cuda}.so (for CUDA 13) to ${bindingFolder()}`
      : `or copy libonnxruntime_providers_{shared,cuda}.so of onnxruntime ${own} to ${bindingFolder()}`
  return `npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12; ${byHand}`
}

/** A package made for Unity that holds the providers as they are. */
const repackaged = {
  package: 'com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9',
  onnxruntime: '1.29.0',
}

function bindingFolder(): string {
  return join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
    `bin/napi-v6/${process.platform}/${process.arch}`,
  )
}

/** `ldd` → `no libcublasLt.so.13, libcudart.so.13`, or nothing when every library was found. */
function missingLibraries(text: string): string {
  const missing = [...text.matchAll(/^\s*(\S+) => not found$/gm)].map(([, library]) => library)
  return missing.length === 0 ? '' : `no ${missing.join(', ')}`
}

/** Every check, in the order of the table. One more = one entry here. */
const checks: readonly Check[] = [
  {
    name: 'Node.js ≥ 20.19',
    needed: 'everything',
    remedy: 'install Node.js 22 or 24 from nodejs.org',
    look: () => {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
      return Promise.resolve({
        ok: major > 20 || (major === 20 && minor >= 19),
        found: process.versions.node,
      })
    },
  },
  {
    name: 'nvidia-smi',
    needed: 'sidecar: GPU figures (without it: --gpu emulated)',
    remedy:
      'install the NVIDIA driver of this machine; in a container, run it with the NVIDIA runtime',
    look: (environment) =>
      version(environment, 'nvidia-smi', [
        '--query-gpu=name,driver_version',
        '--format=csv,noheader',
      ]),
  },
  {
    name: 'CUDA provider of ONNX Runtime',
    needed: 'serve --device cuda',
    remedy: cudaRemedy(),
    look: async () => {
      const ok = await exists(join(bindingFolder(), cudaProvider))
      return { ok, found: ok ? cudaProvider : 'not there; CPU only' }
    },
  },
  {
    name: 'CUDA libraries',
    needed: 'serve --device cuda',
    remedy:
      'install the CUDA runtime (and cuDNN, where it is named) of the version that the provider asks for, and put its folder on LD_LIBRARY_PATH',
    look: async (environment) => {
      const provider = join(bindingFolder(), cudaProvider)
      if (!(await exists(provider))) {
        const remedy =
          'put the provider there first (above); then this says which libraries it lacks'
        return { ok: false, found: 'no provider that would need them', remedy }
      }
      // What the provider itself asks for: CUDA 12 and 13 differ, and a wrong one is as good as none.
      const { ok, found } = await version(environment, 'ldd', [provider], missingLibraries)
      return ok && found !== '' ? { ok: false, found } : { ok, found: found || 'all there' }
    },
  },
  {
    name: 'promtool',
    needed: 'alerts check',
    remedy: 'apt-get install prometheus (Debian, Ubuntu), brew install prometheus (macOS)',
    look: (environment) => version(environment, 'promtool', ['--version']),
  },
  {
    name: 'k6',
    needed: 'load --engine k6',
    remedy: k6Remedy,
    look: (environment) => version(environment, 'k6', ['version']),
  },
  ...[
    { port: 8080, program: 'serve' },
    { port: 9464, program: 'sidecar' },
  ].map(({ port, program }): Check => ({
    name: `port ${String(port)}`,
    needed: `${program} with its default port`,
    remedy: `stop what listens there, or give ${program} another port`,
    look: () => portIsFree(port),
  })),
]

export const doctor = defineCommand({
  usage: 'doctor',
  summary: 'Say what this machine has and lacks, and the one command that mends each lack',
  examples: [
    ['doctor', 'a table of checks'],
    ['doctor --json', 'the same for a script'],
  ],
  options: { json: { type: 'boolean', default: false, describe: 'Print JSON' } },
  async run({ json }, { stdout, environment }) {
    const rows = await Promise.all(
      checks.map(async ({ name, needed, remedy, ...check }) => ({
        ...{ name, needed, remedy },
        ...(await check.look(environment)),
      })),
    )
    stdout.write(json ? `${JSON.stringify(rows, undefined, 2)}\n` : formatTable(rows))
    return rows[0]?.ok === true ? exitCodes.done : exitCodes.environment
  },
})

/** Two columns, and under each lack what it costs and what to type; nothing is cut off. */
function formatTable(rows: readonly (Omit<Check, 'look'> & Finding)[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.flatMap(({ ok, name, found, needed, remedy }) => [
    `${ok ? '✓' : '✗'} ${name.padEnd(width)}  ${found}`,
    ...(ok ? [] : [`    for ${needed}:`, `    ${remedy}`]),
  ])
  return `${lines.join('\n')}\n\nOnly the first line is always needed; the others where they say so.\n`
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}

/** Runs a program for its version. Missing, hanging and failing are findings, not errors. */
async function version(
  environment: Environment,
  program: string,
  programArguments: readonly string[],
  read: (text: string) => string = (text) => text.split('\n')[0] ?? '',
): Promise<Finding> {
  // ldconfig lives where an ordinary user's PATH does not look.
  const path = [environment['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter)
  try {
    const { stdout } = await run(program, programArguments, {
      timeout: programLimitSeconds * 1000,
      killSignal: 'SIGKILL',
      maxBuffer: 4 * 1024 * 1024,
      env: { ...environment, PATH: path },
    })
    return { ok: true, found: read(stdout).trim() }
  } catch (error) {
    return {
      ok: false,
      found: systemCodeOf(error) === 'ENOENT' ? 'not on PATH' : 'is there, but fails or hangs',
    }
  }
}

function portIsFree(port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve({ ok: false, found: 'in use' })
    })
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve({ ok: true, found: 'free' })
      })
    })
  })
}
