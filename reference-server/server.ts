import type { Clock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import { PrometheusRenderer, ReadingProducer } from '../core/exposition.ts'
import type { ServerInfo } from '../core/rerank.ts'
import { listen } from './http/server.ts'
import { Metering } from './metering.ts'
import { loadModel } from './model/registry.ts'
import { Reranker, type RerankerOptions } from './reranker.ts'

/** The number formats that the server can compute in. */
const dtype = 'float32'
const dtypeNames = ['float32', 'fp32', 'auto']

export interface ServerOptions extends Omit<
  RerankerOptions,
  'model' | 'clock' | 'log' | 'metering' | 'onRequest'
> {
  /** A name of the registry or a directory. */
  readonly model: string
  readonly dtype: string
  readonly host: string
  readonly port: number
  readonly maximumDocuments: number
  readonly maximumBodyBytes: number
  /** Names of dialects: whose a request is that several could have written. */
  readonly preferredDialects?: readonly string[]
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
  { clock, log }: { readonly clock: Clock; readonly log: (line: string) => void },
): Promise<RunningServer> {
  if (!dtypeNames.includes(options.dtype)) {
    throw usageError(
      `--dtype ${options.dtype} is not possible yet: this server computes in float32 only.`,
    )
  }
  const model = loadModel(options.model)
  // More would be "overloaded" for ever, and its caller would try again for ever.
  const maximumDocuments = Math.min(options.maximumDocuments, options.maximumPairs)
  const metering = new Metering()
  const reranker = await Reranker.start({ ...options, model, clock, log, metering })
  const info = (): ServerInfo => ({
    model: model.name,
    server: 'rerankscope',
    version: options.version,
    dtype,
    // Asked each time: a process that was started again may have found another one.
    device: reranker.inference.device,
    maximumInputTokens: reranker.maximumTokens,
    maximumDocuments,
    maximumBatchTokens: options.maximumBatchTokens,
    ...limitsInfo(reranker.limits),
    maximumBodyBytes: options.maximumBodyBytes,
    truncation: options.truncation ?? 'longest_first',
  })
  const exposition = new PrometheusRenderer(
    new ReadingProducer({
      readings: () =>
        metering.readings({
          version: options.version,
          model: model.name,
          dtype,
          device: reranker.inference.device,
          queuedPairs: reranker.queuedPairs,
          inferenceBusySeconds: reranker.inference.busySeconds(),
          inferenceResidentBytes: reranker.inference.residentBytes,
          inferenceRestarts: reranker.inference.restarts,
        }),
      resource: { 'service.name': 'rerankscope-reference-server' },
      wallSeconds: () => clock.wallSeconds(),
    }),
  )
  try {
    const { url, close } = await listen({
      ...options,
      handler: {
        ...{ preferredDialects: [], ...options, model: model.name, maximumDocuments },
        ...{ reranker, metering, clock, log },
      },
      info,
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
        await close(clock, options.drainSeconds)
        await reranker.close()
      },
    }
  } catch (error) {
    await reranker.close()
    throw error
  }
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
