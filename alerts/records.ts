import { metrics } from '../core/metrics.ts'
import { aggregate, growth, histogramMean, windowText, type Query } from '../core/promql.ts'
import { durationQuantile, errorRatio, queuePerCompute, utilization } from '../core/queries.ts'
import type { RuleContext } from './rules/rule.ts'
import { bucketBeside, SeriesWriter, type InputSeries } from './series.ts'

/** What promtool must find under the name of a recording rule. */
export interface RecordTest {
  readonly name: string
  readonly series: readonly InputSeries[]
  readonly atSeconds: number
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A figure that Prometheus computes once, under `level:metric:operations`. */
export interface RecordingRule {
  readonly name: string
  /** What it is, for the docs. */
  readonly says: string
  readonly query: Query
  readonly test: RecordTest
}

export type RecordDefinitions = (context: RuleContext) => readonly RecordingRule[]

const deployment = ['namespace', 'job'] as const
const replica = [...deployment, 'instance'] as const
const levels = { job: deployment, instance: replica } as const

/**
 * The figures behind boards of one's own and autoscalers. A ratio is made of two sums, never of
 * ratios; and a quantile of buckets, never of quantiles.
 */
export const records: RecordDefinitions = (context) => [
  ...utilizationRecords(context),
  ...servingRecords(context),
  ...batchRecords(context),
]

function utilizationRecords(context: RuleContext): readonly RecordingRule[] {
  const { policy, job } = context
  const { seconds, write, at } = steady(context)
  const idle = 0.25
  const busy = 0.75
  const series = [
    ...write('a:9464').gpu('GPU-a', [{ seconds, utilizationRatio: idle }]),
    ...write('b:9464').gpu('GPU-b', [{ seconds, utilizationRatio: busy }]),
  ]
  const one = series.slice(0, 2)
  const windows = new Set([policy.scaleOut.windowSeconds, policy.scaleIn.windowSeconds])
  return [...windows].flatMap((windowSeconds) =>
    (['job', 'instance'] as const).map((level) => ({
      name: `${level}:rerankscope_gpu_utilization:ratio_rate${windowText(windowSeconds)}`,
      says: `the mean utilisation of ${level === 'job' ? 'all GPUs of the job' : 'each replica'}, 0 to 1: busy time over observed time`,
      query: utilization<(typeof replica)[number]>(levels[level], windowSeconds, { job }),
      test:
        level === 'job'
          ? at('the mean of two GPUs', series, { job }, (idle + busy) / 2)
          : at('of each replica', one, { job, instance: 'a:9464' }, idle),
    })),
  )
}

function servingRecords(context: RuleContext): readonly RecordingRule[] {
  const { policy, job } = context
  const { seconds, write, at } = steady(context)
  const { windowSeconds } = policy.budget
  const short = policy.scaleOut.windowSeconds
  const series = write('a:9464')
  const slow = bucketBeside(metrics.requestDuration, 'above', policy.p95Seconds)
  const counted = (metric: typeof metrics.pairs, value: number) =>
    series.counter(metric, {}, [{ seconds, value }])
  return [
    {
      name: `job:reranker_request_duration_seconds:p95_rate${windowText(windowSeconds)}`,
      says: 'the p95 of the request duration, in seconds, from the buckets of all replicas',
      query: durationQuantile(0.95, deployment, windowSeconds, { job }),
      test: at(
        'from the buckets',
        series.histogram(metrics.requestDuration, {}, slow, [{ seconds, value: 8 }]),
        { job },
        slow.lower + (slow.upper - slow.lower) * 0.95,
      ),
    },
    {
      name: `job:reranker_errors_per_request:ratio_rate${windowText(windowSeconds)}`,
      says: 'the share of requests that were not answered with scores, 0 to 1',
      query: errorRatio(deployment, windowSeconds, { job }),
      test: at(
        'failed over answered',
        [
          counted(metrics.requests, 8),
          series.counter(metrics.errors, { class: 'overloaded' }, [{ seconds, value: 2 }]),
        ],
        { job },
        0.25,
      ),
    },
    {
      name: `job:reranker_requests:rate${windowText(short)}`,
      says: 'requests a second',
      query: aggregate('sum', deployment, growth('rate', metrics.requests, short, { job })),
      test: at('requests a second', [counted(metrics.requests, 8)], { job }, 8),
    },
    {
      name: `job:reranker_pairs:rate${windowText(short)}`,
      says: 'query-document pairs a second',
      query: aggregate('sum', deployment, growth('rate', metrics.pairs, short, { job })),
      test: at('pairs a second', [counted(metrics.pairs, 64)], { job }, 64),
    },
  ]
}

function batchRecords(context: RuleContext): readonly RecordingRule[] {
  const { policy, job } = context
  const { seconds, write, at } = steady(context)
  const { windowSeconds } = policy.budget
  const short = policy.scaleOut.windowSeconds
  const series = write('a:9464')
  const stage = (name: string, mean: number) =>
    series.mean(metrics.stageDuration, { stage: name }, [{ seconds, perSecond: 8, mean }])
  return [
    {
      name: `job:reranker_batch_pairs:mean_rate${windowText(windowSeconds)}`,
      says: 'pairs in a batch, on average',
      query: histogramMean(deployment, metrics.batchPairs, windowSeconds, { job }),
      test: at(
        'pairs a batch',
        series.mean(metrics.batchPairs, {}, [{ seconds, perSecond: 8, mean: 6 }]),
        { job },
        6,
      ),
    },
    {
      name: `job:reranker_queue_per_compute:ratio_rate${windowText(short)}`,
      says: 'how long a request waits, in the time that a batch takes to compute; 0 without traffic',
      query: queuePerCompute(deployment, short, { job }),
      test: at(
        'how long a request waits, in the time that a batch computes',
        [...stage('queue', 3), ...stage('infer', 2)],
        { job },
        1.5,
      ),
    },
  ]
}

/** Tests on series that do not change: every window that is full says the same. */
function steady({ policy, job }: RuleContext) {
  const { evaluationSeconds } = policy.alerting
  const seconds = 2 * Math.max(policy.scaleIn.windowSeconds, policy.budget.windowSeconds)
  return {
    seconds,
    write: (instance: string) => new SeriesWriter({ job, instance }, evaluationSeconds),
    at: (
      name: string,
      series: readonly InputSeries[],
      labels: Readonly<Record<string, string>>,
      value: number,
    ): RecordTest => ({ name, series, atSeconds: seconds, labels, value }),
  }
}
