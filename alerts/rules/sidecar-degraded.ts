import { metrics } from '../../core/metrics.ts'
import { compare, either, growth } from '../../core/promql.ts'
import { formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { crossing, SeriesWriter, type Phase } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const sidecarDegraded: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultCount, faultCountWindowSeconds: windowSeconds } = policy.alerting
  const often = (metric: typeof metrics.sourceRestarts) =>
    compare(growth('increase', metric, windowSeconds, { job }), '>=', faultCount)
  return {
    name: 'RerankscopeSidecarDegraded',
    group: 'health',
    severity: 'warning',
    query: either(often(metrics.sourceRestarts), often(metrics.sourceDroppedLines)),
    summary: 'A source of the sidecar stumbles again and again.',
    description: describe('{{ $labels.source }}', '{{ $labels.instance }}', context),
    panel: panels.sources,
    action:
      "Read the sidecar's log and `sources[].reason` in its `/status`: a child that dies, a driver that prints what nobody expects, a server whose metrics page is cut off.",
    numbers: [
      ['Restarts, or lines that could not be read', `at least ${String(faultCount)}`],
      ['Within', formatWindow(windowSeconds)],
    ],
    tests: testsOf(context),
  }
}

function describe(source: string, instance: string, { policy: { alerting } }: RuleContext): string {
  return `Source ${source} of the sidecar at ${instance} was started again, or sent lines that could not be read, at least ${String(alerting.faultCount)} times in ${formatWindow(alerting.faultCountWindowSeconds)}: its figures have holes.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const {
    evaluationSeconds: stepSeconds,
    faultCount: line,
    faultCountWindowSeconds: windowSeconds,
  } = policy.alerting
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, stepSeconds)
  const seconds = 2 * windowSeconds
  const change = crossing({ from: 0, to: 2 * line, line, windowSeconds, stepSeconds })
  const calm = { seconds, value: 0 }
  const faulty = { seconds, value: (2 * line) / windowSeconds }
  const restarts = (source: string, ...phases: readonly Phase[]) =>
    write.counter(metrics.sourceRestarts, { source }, phases)
  const dropped = (source: string, ...phases: readonly Phase[]) =>
    write.counter(metrics.sourceDroppedLines, { source }, phases)
  const fires = (source: string) => ({
    labels: { job, instance, source },
    description: describe(source, instance, context),
  })
  return [
    {
      name: 'one of two sources is restarted often: fires for that one, not before, and ends with it',
      series: [
        restarts('serving', { seconds: 3 * seconds, value: 0 }),
        restarts('nvidia-smi', calm, faulty, calm),
      ],
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [fires('nvidia-smi')] },
        { atSeconds: 3 * seconds, alerts: [] },
      ],
    },
    {
      name: 'lines that cannot be read count as well, through a failed scrape',
      series: [
        restarts('serving', calm),
        dropped('serving', faulty, { ...faulty, seconds: stepSeconds, unseen: true }, faulty),
      ],
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires('serving')] }],
    },
    {
      name: 'one restart is an accident',
      series: [restarts('nvidia-smi', { seconds, value: 1 / windowSeconds })],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
