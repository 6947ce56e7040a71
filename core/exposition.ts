import { ValueType } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  InstrumentType,
  MeterProvider,
  type CollectionResult,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import { countOf } from './histogram.ts'
import type { Metric } from './metrics.ts'
import type { Reading } from './reading.ts'

/** Text format 0.0.4; the exporter's own content type lacks the version. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Hands readings to any OpenTelemetry reader. A producer, not observable callbacks: with callbacks
 * a vanished GPU is exported for ever, and a throwing one answers with old values.
 */
export class ReadingProducer implements MetricProducer {
  /** Who speaks: becomes `target_info` in Prometheus and the resource over OTLP. */
  readonly resource: Resource
  readonly #readings: () => readonly Reading[]
  readonly #startSeconds: number
  readonly #wallSeconds: () => number

  constructor(options: {
    readings: () => readonly Reading[]
    resource: Readonly<Record<string, string>>
    /** Unix time in seconds; called at each collection. */
    wallSeconds: () => number
  }) {
    this.#readings = options.readings
    this.resource = resourceFromAttributes(options.resource)
    this.#wallSeconds = options.wallSeconds
    this.#startSeconds = options.wallSeconds()
  }

  collect(): Promise<CollectionResult> {
    const metrics = toMetricData(this.#readings(), this.#startSeconds, this.#wallSeconds())
    return Promise.resolve({
      resourceMetrics: {
        resource: this.resource,
        scopeMetrics: [{ scope: { name: 'rerankscope' }, metrics }],
      },
      errors: [],
    })
  }
}

/**
 * Renders what `producer` holds at the moment of the call, in the Prometheus text format.
 * Rejects when the producer throws: a scrape must then fail, not answer 200 with nothing in it.
 */
export class PrometheusRenderer {
  readonly #exporter: PrometheusExporter
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true)

  constructor(producer: ReadingProducer) {
    this.#exporter = new PrometheusExporter({
      preventServerStart: true,
      withoutScopeInfo: true,
      metricProducers: [producer],
    })
    // A reader collects only when a provider owns it, and takes the resource from there.
    new MeterProvider({ resource: producer.resource, readers: [this.#exporter] })
  }

  async render(): Promise<string> {
    const { resourceMetrics, errors } = await this.#exporter.collect()
    if (errors.length > 0) throw new AggregateError(errors, 'collecting metrics failed')
    return this.#serializer.serialize(resourceMetrics)
  }
}

/** One `MetricData` a metric, its points together, in the order of first appearance. */
function toMetricData(
  readings: readonly Reading[],
  startSeconds: number,
  nowSeconds: number,
): MetricData[] {
  const families = new Map<Metric, Reading[]>()
  for (const reading of readings) {
    const family = families.get(reading.metric)
    if (family === undefined) families.set(reading.metric, [reading])
    else family.push(reading)
  }
  // A wall clock that was set back must not make a point end before it began: it would be refused.
  const startTime = hrTime(Math.min(startSeconds, nowSeconds))
  const times = { startTime, endTime: hrTime(nowSeconds) }
  return [...families].map(([metric, points]) => familyOf(metric, points, times))
}

interface Times {
  readonly startTime: [number, number]
  readonly endTime: [number, number]
}

function familyOf(
  metric: Metric,
  readings: readonly Reading[],
  { startTime, endTime }: Times,
): MetricData {
  const common = {
    descriptor: {
      name: metric.name,
      description: metric.help,
      unit: metric.unit,
      valueType: ValueType.DOUBLE,
      type: instrumentTypes[metric.kind],
      advice: {},
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  if (metric.kind === 'histogram') {
    return {
      ...common,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: readings.map(({ labels, value }) => {
        if (typeof value === 'number') throw new TypeError(`${metric.name} needs a histogram`)
        return {
          startTime,
          endTime,
          attributes: labels,
          value: {
            buckets: { boundaries: [...value.bounds], counts: [...value.counts] },
            sum: value.sum,
            count: countOf(value),
          },
        }
      }),
    }
  }
  const dataPoints = readings.map(({ labels, value }) => {
    if (typeof value !== 'number') throw new TypeError(`${metric.name} needs a number`)
    // Named, not spread: without a compiler a spread copies key by key, for hundreds of series a scrape.
    return { startTime, endTime, attributes: labels, value }
  })
  return metric.kind === 'counter' || metric.kind === 'upDownCounter'
    ? {
        ...common,
        dataPointType: DataPointType.SUM,
        isMonotonic: metric.kind === 'counter',
        dataPoints,
      }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
}

const instrumentTypes = {
  gauge: InstrumentType.OBSERVABLE_GAUGE,
  counter: InstrumentType.OBSERVABLE_COUNTER,
  upDownCounter: InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  histogram: InstrumentType.HISTOGRAM,
} as const

function hrTime(seconds: number): [number, number] {
  const whole = Math.floor(seconds)
  return [whole, Math.floor((seconds - whole) * 1e9)]
}
