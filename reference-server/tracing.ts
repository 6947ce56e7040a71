import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api'
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { Clock } from '../core/clock.ts'
import { messageOf, usageError } from '../core/errors.ts'
import type { Outcome, RequestObserver, RequestRecord } from './record.ts'

export interface Tracing {
  readonly observe: RequestObserver
  /** Sends what is left, and stops. Never rejects: what cannot be sent was reported before. */
  shutdown(): Promise<void>
}

const signalPath = 'v1/traces'
/** Stopping waits for the last spans, so the SDK's 10 s would be what stopping takes. */
const exportTimeoutMilliseconds = 3000

/** What is wrong with the caller or his request is no error of the server's span. */
const serverFaults: readonly Outcome[] = ['backend', 'unhealthy', 'overloaded', 'deadline_exceeded']

/**
 * Sends a span a request over OTLP (http/protobuf), with one below it for each stage, as children of
 * the caller's span where his request brought W3C trace context. Without `url` the exporter takes
 * `OTEL_EXPORTER_OTLP_*`; sampler, resource and batching follow `OTEL_*` too. The SDK costs memory and
 * start-up time: it is loaded here, when traces are asked for. Throws a `UserError` for a wrong `url`.
 */
export async function startTracing(options: {
  readonly url?: string
  readonly version: string
  readonly clock: Pick<Clock, 'wallSeconds' | 'monotonicSeconds'>
  /** Called with a sentence when sending begins to fail, and when it works again. */
  readonly log: (line: string) => void
}): Promise<Tracing> {
  const url = options.url === undefined ? undefined : tracesUrlOf(options.url)
  const [{ NodeSDK }, { OTLPTraceExporter }, { envDetector, resourceFromAttributes }, otel] =
    await Promise.all([
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/core'),
    ])
  const exporter = new OTLPTraceExporter({
    ...(url !== undefined && { url }),
    timeoutMillis: exportTimeoutMilliseconds,
  })
  reportTrouble(exporter, otel.ExportResultCode.SUCCESS, options.log)
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': 'rerankscope-reference-server',
      'service.version': options.version,
    }),
    // Not the process detector: a command line may hold secrets.
    resourceDetectors: [envDetector],
    traceExporter: exporter,
    // Traces alone: without these the SDK sets up the others from the environment.
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  const propagator = new otel.W3CTraceContextPropagator()
  const parentOf = ({ traceparent, tracestate }: RequestRecord): Context => {
    const carrier: Readonly<Record<string, string | undefined>> = { traceparent, tracestate }
    return propagator.extract(ROOT_CONTEXT, carrier, {
      keys: () => Object.keys(carrier),
      get: (_, key) => carrier[key],
    })
  }
  return {
    observe: (record) => {
      emit(record, parentOf(record), options.clock)
    },
    shutdown: () => sdk.shutdown().catch(() => undefined),
  }
}

/** `http://collector:4318` → `http://collector:4318/v1/traces`; a URL with a path is taken as it is. */
export function tracesUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw usageError('--otlp must be an http:// or https:// URL, as in http://127.0.0.1:4318.')
  }
  if (url.pathname === '/') url.pathname = signalPath
  return url.href
}

/** Afterwards, from the record: what is measured anyway need not be measured twice. */
function emit(
  { outcome, stages, documents, tokens, truncatedPairs, cachedPairs, ...record }: RequestRecord,
  parent: Context,
  clock: Pick<Clock, 'wallSeconds' | 'monotonicSeconds'>,
): void {
  const offset = clock.wallSeconds() - clock.monotonicSeconds()
  const at = (seconds: number) => new Date((seconds + offset) * 1000)
  const tracer = trace.getTracer('rerankscope')
  const span = tracer.startSpan(
    'rerank',
    {
      kind: SpanKind.SERVER,
      startTime: at(record.startSeconds),
      attributes: {
        'rerank.outcome': outcome,
        'rerank.documents': documents,
        ...(tokens !== undefined && { 'rerank.tokens': tokens }),
        ...(truncatedPairs !== undefined && { 'rerank.truncated_pairs': truncatedPairs }),
        ...(cachedPairs !== undefined && { 'rerank.cached_pairs': cachedPairs }),
      },
    },
    parent,
  )
  for (const { name, startSeconds, endSeconds } of stages) {
    tracer
      .startSpan(name, { startTime: at(startSeconds) }, trace.setSpan(parent, span))
      .end(at(endSeconds))
  }
  if (serverFaults.includes(outcome)) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(at(record.endSeconds))
}

type Exporting = Pick<OTLPTraceExporter, 'export'>

/** Says once that spans cannot be sent, and once that they can again. */
function reportTrouble(exporter: Exporting, success: unknown, log: (line: string) => void): void {
  const send = exporter.export.bind(exporter)
  let failing = false
  exporter.export = (spans, done) => {
    send(spans, (result) => {
      const failed: boolean = result.code !== success
      if (failed !== failing) {
        log(
          failed
            ? `Traces cannot be sent: ${messageOf(result.error ?? 'no answer')}.`
            : 'Traces are sent again.',
        )
      }
      failing = failed
      done(result)
    })
  }
}
