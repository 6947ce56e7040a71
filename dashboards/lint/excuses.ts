import { metrics, type Metric } from '../../core/metrics.ts'
import { alertsNow } from '../../core/promql.ts'

/** Where a rule does not hold, and why; the rules look here and nowhere else. */

/** Rules of Grafana's dashboard-linter that are not here, or hold in part. A test compares the names. */
export const departures: readonly {
  readonly rule: string
  readonly what: string
  readonly reason: string
}[] = [
  { rule: 'target-logql-rule', what: 'left out', reason: 'no board asks Loki.' },
  { rule: 'target-logql-auto-rule', what: 'left out', reason: 'no board asks Loki.' },
  {
    rule: 'template-job-rule',
    what: 'no "all" value is asked for',
    reason:
      'with .+ a server whose own metrics are scraped would be counted beside its sidecar; "All" is the list of sidecars.',
  },
  {
    rule: 'template-instance-rule',
    what: 'no "all" value is asked for',
    reason:
      'with .+ the choice of a model would narrow nothing; "All" is the list of its sidecars.',
  },
  {
    rule: 'target-rate-interval-rule',
    what: 'a figure of one instant may have a window of the policy or $__range',
    reason:
      'it must be over what the alerts are over, and a run is judged from its start to its end.',
  },
]

/** Metrics of load generators: they push, under a job of their own and with an instance a run. */
const ofRuns: readonly string[] = Object.values(metrics)
  .map(({ name }) => name)
  .filter((name) => name.startsWith('rerankscope_load_'))

/** The variables that must narrow a selector of the metric, by the label that they narrow. */
export function narrowedBy({ name }: Metric): Readonly<Record<string, string>> {
  if (ofRuns.includes(name)) return { instance: 'run' }
  // An alert of a whole job has no instance.
  if (name === alertsNow.name) return { namespace: 'namespace', job: 'job' }
  return { namespace: 'namespace', job: 'job', instance: 'instance' }
}

/** What a counter may be read with. One of a run begins and ends with it: its highest value is its total. */
export function readsCounter({ name }: Metric): readonly string[] {
  const always = ['rate', 'increase', 'resets']
  return ofRuns.includes(name) ? [...always, 'max_over_time'] : always
}
