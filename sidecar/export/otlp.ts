import { messageOf, usageError } from '../../core/errors.ts'
import type { ReadingProducer } from '../../core/exposition.ts'

export interface OtlpPush {
  /** Pushes once more, and stops. Never rejects: what cannot be pushed was reported before. */
  shutdown(): Promise<void>
}

const signalPath = 'v1/metrics'
/** Stopping waits for the last push, so the SDK's 10 s would be what stopping takes. */
const pushTimeoutMilliseconds = 3000

/**
 * `http://collector:4318` → `http://collector:4318/v1/metrics`, as OTLP's base endpoints work; a URL
 * with a path is taken as it is. Throws a `UserError` for anything else.
 */
export function otlpUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw usageError('--otlp must be an http:// or https:// URL, as in http://127.0.0.1:4318.')
  }
  if (url.pathname === '/') url.pathname = signalPath
  return url.href
}

/**
 * Pushes what `producer` hands out over OTLP (http/protobuf), so that Prometheus and OTLP carry the
 * same names. `OTEL_EXPORTER_OTLP_*`, `OTEL_METRIC_EXPORT_*` and `OTEL_RESOURCE_ATTRIBUTES` are
 * honoured. The SDK costs memory and start-up time: it is loaded here, when push is asked for.
 */
export async function startOtlp(options: {
  readonly url: string
  readonly producer: ReadingProducer
  /** Told once when pushing begins to fail, and once when it works again. */
  readonly onTrouble: (sentence: string) => void
}): Promise<OtlpPush> {
  const [{ NodeSDK }, { OTLPMetricExporter }, sdkMetrics, { envDetector }, otel] =
    await Promise.all([
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/exporter-metrics-otlp-proto'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/core'),
    ])
  // As OpenTelemetry has it, a value that cannot be is one that is not set: the SDK throws on 0.
  const positive = (name: string) => {
    const value = otel.getNumberFromEnv(name)
    return value !== undefined && value > 0 ? value : undefined
  }
  const timeoutMillis =
    positive('OTEL_EXPORTER_OTLP_METRICS_TIMEOUT') ??
    positive('OTEL_EXPORTER_OTLP_TIMEOUT') ??
    pushTimeoutMilliseconds
  const exporter = new OTLPMetricExporter({ url: options.url, timeoutMillis })
  const push = exporter.export.bind(exporter)
  let failing = false
  exporter.export = (data, done) => {
    push(data, (result) => {
      const failed = result.code !== otel.ExportResultCode.SUCCESS
      if (failed !== failing) {
        options.onTrouble(
          failed
            ? `pushing over OTLP fails: ${messageOf(result.error ?? 'no answer')}`
            : 'pushing over OTLP works again.',
        )
      }
      failing = failed
      done(result)
    })
  }
  const exportIntervalMillis = positive('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000
  const exportTimeoutMillis = positive('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000
  const sdk = new NodeSDK({
    resource: options.producer.resource,
    // Not the process detector: its command line holds the target's URL, credentials included.
    resourceDetectors: [envDetector],
    metricReaders: [
      new sdkMetrics.PeriodicExportingMetricReader({
        exporter,
        metricProducers: [options.producer],
        exportIntervalMillis,
        exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis),
      }),
    ],
    // Metrics alone: without these the SDK sets up trace and log exporters from the environment.
    spanProcessors: [],
    logRecordProcessors: [],
  })
  sdk.start()
  return { shutdown: () => sdk.shutdown().catch(() => undefined) }
}
