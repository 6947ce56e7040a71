import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { within } from '../../../core/clock.ts'
import { environmentError, exitCodes } from '../../../core/errors.ts'
import { compiledModule } from '../../../core/program.ts'
import type { EngineMember, EngineOptions, Replay, ReplayEnd } from '../engine.ts'
import { findK6 } from './program.ts'
import { Reader } from './reader.ts'

/** k6 writes its samples five times a second. */
const readSeconds = 0.2
const stopSeconds = 10
/** What is kept of k6's complaints, to show when it fails. */
const complaintsLimit = 4000
/** Each is a connection; k6 itself has no limit here. */
const maximumInFlight = 65_536

/** k6 as a child: it runs our script over the plan's files, and its samples are read back. */
export const k6Engine: EngineMember = {
  name: 'k6',
  summary: 'k6 of this machine with our script, an independent second opinion',
  async find(options) {
    const { program, version } = await findK6(options)
    return {
      name: 'k6',
      version,
      maximumInFlight,
      replay: (replay) => run(program, options.environment, replay),
    }
  },
}

async function run(
  program: string,
  environment: EngineOptions['environment'],
  replay: Replay,
): Promise<ReplayEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'rerankscope-k6-'))
  const samples = join(folder, 'samples.json')
  const file = await open(samples, 'a+')
  const reader = new Reader(replay)
  const child = spawn(
    program,
    ['run', '--quiet', '--out', `json=${samples}`, compiledModule('loadgen/engines/k6/script.js')],
    {
      // Credentials go through the environment: everybody can read arguments.
      env: { ...environment, ...settingsOf(replay) },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own: k6 must not see the Ctrl-C that we turn into an orderly stop.
      detached: true,
    },
  )
  const complaints = collect(child)
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const stop = () => void stopChild(child, exited, replay)
  // In a group of its own k6 would outlive a process that is ended in the middle of it, and load on.
  const kill = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', kill)
  try {
    replay.signal.addEventListener('abort', stop)
    if (replay.signal.aborted) stop()
    const lines = new Lines(file)
    while (!(await within(replay.clock, readSeconds, exited))) {
      reader.read(await lines.next())
    }
    reader.read(await lines.next())
    const [code, signal] = await exited
    if (!replay.signal.aborted && code !== exitCodes.done && code !== exitCodes.slo) {
      throw environmentError(
        `k6 ended with ${String(code ?? signal)}: ${complaints().trim() || 'it said nothing'}`,
      )
    }
    return reader.end()
  } finally {
    replay.signal.removeEventListener('abort', stop)
    process.removeListener('exit', kill)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await file.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function settingsOf(replay: Replay): Record<string, string> {
  const { endpoint, folder, timeoutSeconds, traceIdPrefix, warmUp } = replay
  return {
    RERANKSCOPE_PLAN: resolve(folder),
    RERANKSCOPE_TARGET: endpoint.origin,
    RERANKSCOPE_HEADERS: JSON.stringify(endpoint.headers),
    RERANKSCOPE_TIMEOUT_SECONDS: String(timeoutSeconds),
    RERANKSCOPE_TRACE_PREFIX: traceIdPrefix,
    RERANKSCOPE_WARM_UP: JSON.stringify(warmUp),
    // Nothing leaves this machine but the load.
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
  }
}

/** k6 stops at the first SIGINT and gives up what is on its way. */
async function stopChild(
  child: ChildProcess,
  exited: Promise<unknown>,
  { clock }: Replay,
): Promise<void> {
  child.kill('SIGINT')
  if (!(await within(clock, stopSeconds, exited))) child.kill('SIGKILL')
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-complaintsLimit)
  })
  return () => text
}

/** Whole lines of a file that somebody else is writing. */
class Lines {
  readonly #file: FileHandle
  readonly #decoder = new StringDecoder('utf8')
  #position = 0
  #rest = ''

  constructor(file: FileHandle) {
    this.#file = file
  }

  async next(): Promise<readonly string[]> {
    const buffer = Buffer.alloc(1024 * 1024)
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#position)
      if (bytesRead === 0) break
      this.#position += bytesRead
      this.#rest += this.#decoder.write(buffer.subarray(0, bytesRead))
    }
    const lines = this.#rest.split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }
}
