import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { messageOf } from '../../core/errors.ts'
import type { PackedBatch } from '../batch/packed.ts'
import { widen } from '../model/float16.ts'
import { nameOfDevice, type Device, type DeviceWish } from './devices.ts'
import type { InferenceSetup } from './messages.ts'
import { pad, type PaddedBatch } from './padding.ts'

// Errors reach us as exceptions; the library's own lines would only confuse.
env.logLevel = 'fatal'

/**
 * Opens the model on the best device allowed, and scores a pair there: the first run allocates, finds
 * out whether the driver has kernels for this GPU, and tells whether the graph is a reranker at all. A
 * list of providers does not fall back by itself (onnxruntime throws when the first cannot be loaded),
 * so each is tried in turn. Throws an `Error` with a sentence when no device takes the model.
 */
export async function openSession(setup: InferenceSetup): Promise<{
  readonly session: InferenceSession
  readonly device: Device
  readonly notes: readonly string[]
}> {
  const notes: string[] = []
  for (const wish of candidates(setup.device)) {
    const device = nameOfDevice(wish)
    try {
      return { session: await working(setup, wish), device, notes }
    } catch (error) {
      const why = `${device}: ${firstLine(messageOf(error))}`
      if (wish.kind === 'cpu' || setup.device.kind === 'cuda')
        throw new Error(why, { cause: error })
      notes.push(why)
    }
  }
  throw new Error('no device was tried')
}

/** Scores a batch. Throws when the graph's inputs or outputs are not a cross-encoder's. */
export async function score(session: InferenceSession, batch: PaddedBatch): Promise<Float32Array> {
  const shape = [batch.pairs, batch.sequence]
  const available: Readonly<Record<string, BigInt64Array>> = {
    input_ids: batch.inputIds,
    attention_mask: batch.attentionMask,
    token_type_ids: batch.tokenTypeIds,
  }
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => {
      const data = available[name]
      if (data === undefined)
        throw new Error(`the graph wants an input "${name}" that we do not know`)
      return [name, new Tensor('int64', data, shape)]
    }),
  )
  const outputs = await session.run(feeds)
  const logits = outputs.logits ?? outputs[session.outputNames[0] ?? '']
  const numbers = logits === undefined ? undefined : floatsOf(logits)
  if (logits === undefined || numbers === undefined) {
    throw new Error('the graph gives no float32 or float16 logits')
  }
  if (numbers.length !== batch.pairs) {
    throw new Error(
      `the graph gives [${logits.dims.join(', ')}] logits, not one a pair: not a reranker`,
    )
  }
  return numbers
}

/** Undefined for another type. Exports in half precision often answer in it too. */
function floatsOf({ data, type }: Tensor): Float32Array | undefined {
  if (data instanceof Float32Array) return data
  if (type !== 'float16') return undefined
  // Their bits, or numbers where Node has an array of its own for them.
  return data instanceof Uint16Array ? widen(data) : Float32Array.from(data as Iterable<number>)
}

/** A session that has scored a pair. */
async function working(setup: InferenceSetup, wish: OneDevice): Promise<InferenceSession> {
  const session = await create(setup, wish)
  try {
    await score(session, pad(onePair, setup.paddingId, setup.documentType))
    return session
  } catch (error) {
    await session.release()
    throw error
  }
}

const onePair: PackedBatch = {
  ids: Int32Array.of(0, 0),
  lengths: Int32Array.of(2),
  queryLengths: Int32Array.of(1),
}

type OneDevice = Exclude<DeviceWish, { kind: 'auto' }>

function candidates(wish: DeviceWish): readonly OneDevice[] {
  if (wish.kind !== 'auto') return [wish]
  return hasCudaProvider() ? [{ kind: 'cuda' }, { kind: 'cpu' }] : [{ kind: 'cpu' }]
}

/** The npm package holds no CUDA provider; who wants it puts the library beside the binding. */
function hasCudaProvider(): boolean {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  const folder = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch)
  return existsSync(join(folder, 'libonnxruntime_providers_cuda.so'))
}

function create({ graph, threads }: InferenceSetup, wish: OneDevice): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [
      wish.kind === 'cuda' ? { name: 'cuda', deviceId: wish.index ?? 0 } : { name: 'cpu' },
    ],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    extra: {
      session: {
        // A thread that spins for work steals the core that HTTP needs.
        intra_op: { allow_spinning: '0' },
        // Shares of attention near 1e-40 are 0 for us, and ten times slower as what they are.
        set_denormal_as_zero: '1',
      },
    },
  }
  return 'bytes' in graph
    ? InferenceSession.create(graph.bytes, options)
    : InferenceSession.create(graph.path, options)
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
