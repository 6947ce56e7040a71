import type { MemoryFacts, Target } from '../../comparison/index.ts'
import type { Clock } from '../../core/clock.ts'
import { environmentError } from '../../core/errors.ts'
import { openReranker, type Reranker } from '../../loadgen/index.ts'
import { startProgram, untilReady, type RunningProgram } from '../children.ts'
import { snapshotOf, type DeviceWatch } from './device-watch.ts'
import { lieOf } from './probe.ts'

/** A target that answers, and what was seen while it came up. */
export interface OpenTarget {
  readonly url: string
  readonly apiKey: string | undefined
  readonly reranker: Reranker
  /** URL; undefined where nobody looks at the device. */
  readonly sidecar: string | undefined
  /** Undefined where we did not start it, or are to look at it from outside. */
  readonly start:
    { readonly listeningSeconds: number; readonly firstAnswerSeconds: number } | undefined
  readonly memory: MemoryFacts | undefined
  /** False once a server that we started has ended. */
  isUp(): boolean
  close(): Promise<void>
}

export interface OpenContext {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Undefined on a machine without a GPU. */
  readonly watch: DeviceWatch | undefined
  readonly apiKey: string | undefined
  /** What `serve --model` is given, for a target that we start. */
  readonly model: string | undefined
  readonly timeoutSeconds: number
}

/**
 * Starts a target, or finds it where it runs, asks it a question, and starts a sidecar beside it.
 *
 * @throws UserError when it does not start, does not answer, or answers nonsense; nothing is left running.
 */
export async function openTarget(target: Target, context: OpenContext): Promise<OpenTarget> {
  const running: RunningProgram[] = []
  const close = async () => {
    for (const program of running.splice(0).reverse()) await program.stop()
  }
  try {
    const server = await served(target, context, running)
    const { url = target.url ?? '', start, memory } = server
    const reranker = await honest(url, target, context)
    const firstAnswerAt = context.clock.monotonicSeconds()
    const looked = target.outside || target.serve === undefined
    const sidecar = looked ? target.sidecar : await watched(url, reranker, context, running)
    return {
      ...{ url, apiKey: context.apiKey, reranker, sidecar, close },
      start:
        looked || start === undefined
          ? undefined
          : {
              listeningSeconds: start.listeningAt - start.at,
              firstAnswerSeconds: firstAnswerAt - start.at,
            },
      memory: looked ? undefined : await memory(sidecar, isOnGpu(reranker, context)),
      isUp: () => running[0]?.isRunning() ?? true,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface Served {
  readonly url?: string
  readonly start?: { readonly at: number; readonly listeningAt: number }
  readonly memory: (sidecar: string | undefined, onGpu: boolean) => Promise<MemoryFacts | undefined>
}

async function served(
  { serve, dialect }: Target,
  { clock, signal, watch, model }: OpenContext,
  running: RunningProgram[],
): Promise<Served> {
  if (serve === undefined || model === undefined) {
    return { memory: () => Promise.resolve(undefined) }
  }
  const before = await watch?.look()
  const at = clock.monotonicSeconds()
  const number = (option: string, value: number | undefined) =>
    value === undefined ? [] : [option, String(value)]
  const server = await startProgram(
    [
      ...['serve', '--model', model, '--port', '0', '--device', serve.device],
      ...['--dtype', serve.dtype, ...number('--max-length', serve.maxLength)],
      ...number('--batch-size', serve.batchSize),
      ...number('--threads', serve.threads),
      // No test may be faster for what an earlier one asked.
      ...['--cache-mib', '0'],
      ...(dialect === 'auto' ? [] : ['--prefer-dialect', dialect]),
    ],
    { clock, signal },
  )
  running.push(server)
  const listeningAt = clock.monotonicSeconds()
  return {
    url: server.url,
    start: { at, listeningAt },
    memory: (sidecar, onGpu) =>
      onGpu && watch !== undefined && before !== undefined
        ? watch.since(before)
        : processMemory(sidecar),
  }
}

/** Without a GPU: the resident memory of the inference process, as the emulated device has it. */
async function processMemory(sidecar: string | undefined): Promise<MemoryFacts | undefined> {
  if (sidecar === undefined) return undefined
  const { gpus } = await snapshotOf(sidecar)
  const bytes = gpus[0]?.sample.memoryUsedBytes
  return bytes === undefined ? undefined : { of: 'process', loadedBytes: bytes }
}

async function honest(
  url: string,
  { dialect, model }: Target,
  { signal, apiKey, timeoutSeconds }: OpenContext,
): Promise<Reranker> {
  const reranker = await openReranker(
    { target: url, dialect, apiKey, model, timeoutSeconds },
    signal,
  )
  const lie = await lieOf(reranker)
  if (lie !== undefined) throw environmentError(`${url} answers nonsense: ${lie}.`)
  return reranker
}

async function watched(
  url: string,
  reranker: Reranker,
  context: OpenContext,
  running: RunningProgram[],
): Promise<string> {
  const { clock, signal } = context
  const sidecar = await startProgram(
    [
      ...[
        'sidecar',
        '--target',
        url,
        '--gpu',
        isOnGpu(reranker, context) ? 'nvidia-smi' : 'emulated',
      ],
      ...['--listen', '127.0.0.1:0'],
    ],
    { clock, signal },
  )
  running.push(sidecar)
  await untilReady(`${sidecar.url}/-/ready`, { clock, signal })
  return sidecar.url
}

function isOnGpu({ info }: Reranker, { watch }: OpenContext): boolean {
  return watch !== undefined && info?.device?.startsWith('cuda') === true
}
