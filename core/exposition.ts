import { ValueType } from '@opentelemetry/api'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  InstrumentType,
  type CollectionResult,
  type MetricData,
  type MetricProducer,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { countOf } from './histogram.ts'
import type { Metric } from './metrics.ts'
import { PageFrame } from './page-frame.ts'
import { familiesOf, type Reading } from './reading.ts'

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

  /** What is known now. */
  readings(): readonly Reading[] {
    return this.#readings()
  }

  collect(): Promise<CollectionResult> {
    return Promise.resolve({
      resourceMetrics: this.resourceMetricsOf(this.#readings()),
      errors: [],
    })
  }

  resourceMetricsOf(readings: readonly Reading[]): ResourceMetrics {
    const metrics = toMetricData(readings, this.#startSeconds, this.#wallSeconds())
    return {
      resource: this.resource,
      scopeMetrics: [{ scope: { name: 'rerankscope' }, metrics }],
    }
  }
}

/**
 * Renders what `producer` holds at the moment of the call, in the Prometheus text format.
 * Rejects when the producer throws: a scrape must then fail, not answer 200 with nothing in it.
 */
export class PrometheusRenderer {
  readonly #producer: ReadingProducer
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true)
  #frame: PageFrame | undefined

  constructor(producer: ReadingProducer) {
    this.#producer = producer
  }

  render(): Promise<string> {
    return new Promise((resolve) => {
      resolve(this.#page())
    })
  }

  #page(): string {
    const readings = this.#producer.readings()
    if (this.#frame?.fits(readings) !== true) {
      const text = this.#serializer.serialize(this.#producer.resourceMetricsOf(readings))
      this.#frame = new PageFrame(readings, text)
    }
    return this.#frame.fill(readings)
  }
}

/** One `MetricData` a metric, its points together, in the order of first appearance. */
function toMetricData(
  readings: readonly Reading[],
  startSeconds: number,
  nowSeconds: number,
): MetricData[] {
  const families = familiesOf(readings, ({ metric }) => metric)
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
