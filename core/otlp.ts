import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { longestTimerMilliseconds } from './clock.ts'
import { messageOf, usageError } from './errors.ts'
import type { ReadingProducer } from './exposition.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface ExporterOptions {
  /** Undefined: `OTEL_EXPORTER_OTLP_*` says where. */
  readonly url?: string
  readonly timeoutMillis: number
}

/** By OpenTelemetry's name of it. The exporters cost memory: each is loaded when it is asked for. */
const protocols = {
  'http/protobuf': async (options: ExporterOptions): Promise<PushMetricExporter> => {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
    return new OTLPMetricExporter(options)
  },
  grpc: async (options: ExporterOptions): Promise<PushMetricExporter> => {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc')
    return new OTLPMetricExporter(options)
  },
} as const
export type OtlpProtocol = keyof typeof protocols
export const otlpProtocols = Object.keys(protocols) as readonly OtlpProtocol[]

export interface OtlpTarget {
  /** Undefined: `OTEL_EXPORTER_OTLP_*` says where, or nobody, which is this machine. */
  readonly url: string | undefined
  readonly protocol: OtlpProtocol
}

export interface OtlpPush {
  /** Pushes once more, and stops. Never rejects: what cannot be pushed was reported before. */
  shutdown(): Promise<void>
}

const signalPath = 'v1/metrics'
/** Stopping waits for the last push, so the SDK's 10 s would be what stopping takes. */
const pushTimeoutMilliseconds = 3000

/**
 * Where to push, by our options and by the environment that OpenTelemetry defines; undefined: nowhere.
 * Throws a `UserError` for what cannot work.
 */
export function otlpTargetOf(
  given: { readonly url: string | undefined; readonly protocol: string | undefined },
  environment: Environment,
): OtlpTarget | undefined {
  const exporters = environment['OTEL_METRICS_EXPORTER']?.split(',').map((name) => name.trim())
  const asked =
    given.url !== undefined ||
    (exporters?.includes('otlp') ??
      (environment['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] ??
        environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ??
        '') !== '')
  if (!asked || environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined
  const fromEnvironment =
    environment['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'] ?? environment['OTEL_EXPORTER_OTLP_PROTOCOL']
  const name = given.protocol ?? (fromEnvironment || 'http/protobuf')
  const protocol = otlpProtocols.find((one) => one === name)
  if (protocol === undefined) {
    const what = given.protocol === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : '--otlp-protocol'
    throw usageError(`${what} must be one of ${otlpProtocols.join(', ')}, not ${name}.`)
  }
  return { url: given.url === undefined ? undefined : otlpUrlOf(given.url, protocol), protocol }
}

/**
 * `http://collector:4318` → `http://collector:4318/v1/metrics`, as OTLP's base endpoints work; a URL
 * with a path is taken as it is. Throws a `UserError` for anything else.
 */
export function otlpUrlOf(text: string, protocol: OtlpProtocol): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw usageError('--otlp must be an http:// or https:// URL, as in http://127.0.0.1:4318.')
  }
  // gRPC has a path of its own.
  if (protocol === 'grpc') return url.origin
  if (url.pathname === '/') url.pathname = signalPath
  return url.href
}

/**
 * Pushes what `producer` hands out over OTLP, so that Prometheus and OTLP carry the same names.
 * `OTEL_EXPORTER_OTLP_*` and `OTEL_METRIC_EXPORT_*` are honoured. The SDK costs memory and start-up
 * time: it is loaded here, when push is asked for.
 */
export async function startOtlp(options: {
  readonly target: OtlpTarget
  readonly producer: ReadingProducer
  /** Between two pushes, where `OTEL_METRIC_EXPORT_INTERVAL` says nothing; OpenTelemetry's minute without it. */
  readonly intervalSeconds?: number
  /** Told once when pushing begins to fail, and once when it works again. */
  readonly onTrouble: (sentence: string) => void
}): Promise<OtlpPush> {
  const [{ NodeSDK }, sdkMetrics, otel] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/core'),
  ])
  // As OpenTelemetry has it, a value that cannot be is one that is not set: the SDK throws on 0.
  const positive = (name: string) => {
    const value = otel.getNumberFromEnv(name)
    return value !== undefined && value > 0 ? Math.min(value, longestTimerMilliseconds) : undefined
  }
  const { url, protocol } = options.target
  const exporter = await protocols[protocol]({
    ...(url === undefined ? {} : { url }),
    timeoutMillis:
      positive('OTEL_EXPORTER_OTLP_METRICS_TIMEOUT') ??
      positive('OTEL_EXPORTER_OTLP_TIMEOUT') ??
      pushTimeoutMilliseconds,
  })
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
  const exportIntervalMillis =
    positive('OTEL_METRIC_EXPORT_INTERVAL') ?? (options.intervalSeconds ?? 60) * 1000
  const exportTimeoutMillis = positive('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000
  const sdk = new NodeSDK({
    resource: options.producer.resource,
    // The resource is whole; the process detector's command line would hold the target's credentials.
    resourceDetectors: [],
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
    // Spans need a context that follows every promise, at a price for each; there are none here. That
    // null means none the SDK says in its code alone.
    ...({ contextManager: null } as object),
  })
  sdk.start()
  return { shutdown: () => sdk.shutdown().catch(() => undefined) }
}
