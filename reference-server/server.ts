import type { Clock } from '../core/clock.ts'
import { PrometheusRenderer, ReadingProducer } from '../core/exposition.ts'
import type { ServerInfo } from '../core/rerank.ts'
import { deviceFor } from './device.ts'
import { maximumJsonDepth } from './http/body.ts'
import { keyCheck } from './http/keys.ts'
import { listen } from './http/server.ts'
import { Metering } from './metering.ts'
import type { ModelBundle } from './model/bundle.ts'
import { parseDtype } from './model/dtype.ts'
import { loadModel } from './model/registry.ts'
import type { RequestObserver } from './record.ts'
import { Reranker, type RerankerOptions } from './reranker.ts'

export interface ServerOptions extends Omit<
  RerankerOptions,
  'model' | 'clock' | 'log' | 'metering' | 'onRequest'
> {
  /** `embedded`, a folder, or a model of a hub that was pulled. */
  readonly model: string
  /** Where pulled models are. */
  readonly modelCache?: string
  /** `auto` for the model's own, or one of `fp32`, `fp16`, `int8`. */
  readonly dtype: string
  readonly host: string
  readonly port: number
  readonly maximumDocuments: number
  readonly maximumBodyBytes: number
  /** Names of dialects: whose a request is that several could have written. */
  readonly preferredDialects?: readonly string[]
  /** Names of the model that a request may give. Absent or none: any. */
  readonly servedNames?: readonly string[]
  /** A rerank request must bring one of them. Absent or none: nobody needs a key. */
  readonly apiKeys?: readonly string[]
  /** How long `close` waits for what was accepted. */
  readonly drainSeconds: number
  readonly version: string
}

export interface RunningServer {
  readonly url: string
  readonly info: ServerInfo
  readonly summary: string
  /** For tests that kill it. */
  inferenceProcessId(): number | undefined
  /** Takes no more, answers what was accepted, leaves no process behind. */
  close(): Promise<void>
}

/** Throws a `UserError` when an option or the environment does not allow it. */
export async function startServer(
  options: ServerOptions,
  {
    clock,
    log,
    onRequest,
  }: {
    readonly clock: Clock
    readonly log: (line: string) => void
    readonly onRequest?: RequestObserver
  },
): Promise<RunningServer> {
  const model = modelFor(options)
  const device = deviceFor(model, options.device, options.requireDevice ?? false)
  // More would be "overloaded" for ever, and its caller would try again for ever.
  const maximumDocuments = Math.min(options.maximumDocuments, options.maximumPairs)
  const metering = new Metering()
  const reranker = await Reranker.start({
    ...options,
    device,
    model,
    clock,
    log,
    metering,
    ...(onRequest !== undefined && { onRequest }),
  })
  const info = () => infoOf(options, model, maximumDocuments, reranker)
  const exposition = expositionOf(info, { reranker, metering, clock })
  try {
    const { url, close } = await listen({
      ...options,
      handler: {
        ...{ preferredDialects: [], servedNames: [], ...options },
        checkKey: keyCheck(options.apiKeys ?? []),
        ...{ model: model.name, maximumDocuments, reranker, metering, clock, log },
      },
      info,
      servedNames: options.servedNames ?? [],
      ready: () => reranker.ready,
      metrics: () => exposition.render(),
      log,
    })
    return {
      url,
      info: info(),
      summary: model.summary,
      inferenceProcessId: () => reranker.inference.processIds[0],
      close: async () => {
        try {
          await close(clock, options.drainSeconds)
        } finally {
          await reranker.close()
        }
      },
    }
  } catch (error) {
    await reranker.close()
    throw error
  }
}

function expositionOf(
  info: () => ServerInfo,
  parts: { readonly reranker: Reranker; readonly metering: Metering; readonly clock: Clock },
): PrometheusRenderer {
  const { reranker, metering, clock } = parts
  const { inference } = reranker
  return new PrometheusRenderer(
    new ReadingProducer({
      readings: () => {
        const { model, version = '', dtype = '', device = '' } = info()
        return metering.readings({
          ...{ version, model, dtype, device },
          queuedPairs: reranker.queuedPairs,
          inferenceBusySeconds: inference.busySeconds(),
          inferenceResidentBytes: inference.residentBytes,
          inferenceRestarts: inference.restarts,
        })
      },
      resource: { 'service.name': 'rerankscope-reference-server' },
      wallSeconds: () => clock.wallSeconds(),
    }),
  )
}

function modelFor({ model, dtype, modelCache }: ServerOptions): ModelBundle {
  const wished = parseDtype(dtype)
  return loadModel(model, {
    cache: modelCache,
    ...(wished !== undefined && { dtype: wished }),
  })
}

/** What has no limit is not said. */
function limitsInfo({ requests, pairs, tokens, bytes }: Reranker['limits']): Partial<ServerInfo> {
  return {
    ...(Number.isFinite(requests) && { maximumConcurrentRequests: requests }),
    maximumConcurrentPairs: pairs,
    ...(Number.isFinite(tokens) && { maximumConcurrentTokens: tokens }),
    ...(Number.isFinite(bytes) && { maximumConcurrentBytes: bytes }),
  }
}

function infoOf(
  options: ServerOptions,
  { name: model, dtype }: ModelBundle,
  maximumDocuments: number,
  reranker: Reranker,
): ServerInfo {
  return {
    model,
    server: 'rerankscope',
    version: options.version,
    dtype,
    // Asked each time: a process that was started again may have found another one.
    device: reranker.inference.device,
    maximumInputTokens: reranker.maximumTokens,
    maximumDocuments,
    maximumBatchTokens: reranker.maximumBatchTokens,
    ...limitsInfo(reranker.limits),
    maximumBodyBytes: options.maximumBodyBytes,
    maximumJsonDepth,
    truncation: options.truncation ?? 'longest_first',
  }
}
