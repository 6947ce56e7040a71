import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Clock } from '../core/clock.ts'
import { environmentError } from '../core/errors.ts'
import { compiledModule } from '../core/program.ts'

/** A program of ours that runs as a child and has said where it listens. */
export interface RunningProgram {
  readonly url: string
  readonly pid: number
  /** False once it has ended, whatever ended it. */
  isRunning(): boolean
  /** Asks the program to stop, waits for it, and ends it by force after ten seconds. */
  stop(): Promise<void>
}

const startLimitSeconds = 60
const readinessLimitSeconds = 30
/** As `nice` counts. */
const lowerPriority = 5
const stopLimitSeconds = 10
/** What is kept of a program's complaints, to show when it does not start. */
const stderrLimit = 4000

/**
 * Starts `rerankscope ARGUMENTS --json` and resolves when it prints where it listens. The IPC
 * channel tells the child when this process is gone, however it went, so none is left behind.
 */
export async function startProgram(
  programArguments: readonly string[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<RunningProgram> {
  const name = programArguments[0] ?? ''
  const child = fork(compiledModule('cli.js'), [...programArguments, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C reaches a whole group, and would stop the sidecar while the run that
    // reads it still waits for its last answers.
    detached: true,
  })
  yieldTheProcessor(child)
  const complaints = collect(child)
  const stop = () => stopChild(child, clock)
  try {
    const url = await listeningUrl(child, { clock, signal })
    if (url === undefined) throw new Error('stopped')
    return { url, pid: child.pid ?? -1, isRunning: () => !hasEnded(child), stop }
  } catch (error) {
    await stop()
    if (signal.aborted) throw error
    throw environmentError(
      `\`rerankscope ${name}\` did not start: ${complaints().trim() || 'it said nothing'}`,
      { cause: error },
    )
  }
}

/** Waits until a program of ours answers `url` with 2xx, for half a minute at most. */
export async function untilReady(
  url: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = clock.monotonicSeconds() + readinessLimitSeconds
  while (!signal.aborted && clock.monotonicSeconds() < deadline) {
    const ready = await fetch(url, { signal }).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return
    await clock.sleep(0.1, signal)
  }
}

/**
 * The load generator runs on the same machine and must come first, or its schedule slips and the run
 * is INVALID. Set before the child starts its threads, which inherit it.
 */
function yieldTheProcessor({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, lowerPriority)
  } catch {
    // Some systems do not allow it; the demo works without.
  }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-stderrLimit)
  })
  return () => text
}

/** The URL of the child's first line; undefined when it ends, time runs out or `signal` aborts. */
async function listeningUrl(
  child: ChildProcess,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (child.stdout === null) return undefined
  const lines = createInterface({ input: child.stdout })
  const settled = new AbortController()
  const firstLine = once(lines, 'line', { signal: settled.signal }).then(([line]) => String(line))
  const limit = clock.sleep(startLimitSeconds, AbortSignal.any([signal, settled.signal]))
  const ended = once(child, 'exit', { signal: settled.signal })
  try {
    const line = await Promise.race([
      firstLine,
      limit.then(() => undefined),
      ended.then(() => undefined),
    ])
    if (line === undefined) return undefined
    const event: unknown = JSON.parse(line)
    return typeof event === 'object' && event !== null && 'url' in event
      ? String(event.url)
      : undefined
  } finally {
    firstLine.catch(() => undefined)
    ended.catch(() => undefined)
    settled.abort()
    // Whatever else it prints must be read, or a full pipe would block it.
    child.stdout.resume()
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function stopChild(child: ChildProcess, clock: Clock): Promise<void> {
  if (hasEnded(child)) return
  const exited = once(child, 'exit')
  const waiting = new AbortController()
  child.kill('SIGTERM')
  const force = clock.sleep(stopLimitSeconds, waiting.signal).then(() => {
    if (!waiting.signal.aborted) child.kill('SIGKILL')
  })
  await exited
  waiting.abort()
  await force
}
