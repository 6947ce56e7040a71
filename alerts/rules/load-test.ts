import { metrics } from '../../core/metrics.ts'
import { aggregate, overTime } from '../../core/promql.ts'
import { formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter, type Phase } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

/** Nothing is wrong; it is there so that Alertmanager keeps quiet what a test explains. */
export const loadTest: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds } = policy.alerting
  return {
    name: 'RerankerLoadTestRunning',
    group: 'load',
    severity: 'info',
    beyondJob: {
      metrics: [metrics.loadInfo],
      why: 'the load generator pushes its own metrics, and they are not of the sidecars’ job',
    },
    // That of the sidecars, so that an inhibition can ask for the same job on both sides.
    labels: { job },
    query: aggregate(
      'max',
      ['namespace', 'profile', 'engine', 'target'],
      overTime('max', metrics.loadInfo, faultWindowSeconds),
    ),
    summary: 'A load test is running.',
    description: describe('{{ $labels.profile }}', '{{ $labels.target }}', context),
    panel: panels.runs,
    action:
      'Nothing, if you know of it: Alertmanager keeps warnings and advice quiet meanwhile. If not, ask who sends profile and target.',
    numbers: [['Ends after the last figure by', formatWindow(faultWindowSeconds)]],
    tests: testsOf(context),
  }
}

function describe(profile: string, target: string, { policy: { alerting } }: RuleContext): string {
  return `The load ${profile} is offered to ${target}, or was within the last ${formatWindow(alerting.faultWindowSeconds)}: saturation and advice are the test's own.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { evaluationSeconds: stepSeconds, faultWindowSeconds } = context.policy.alerting
  const write = new SeriesWriter({ job: 'rerankscope-load', instance: 'laptop' }, stepSeconds)
  const seconds = 2 * faultWindowSeconds
  const target = 'http://reranker:8080'
  const run = (profile: string, ...phases: readonly Phase[]) =>
    write.gauge(metrics.loadInfo, { profile, engine: 'autocannon', dialect: 'tei', target }, phases)
  const fires = (profile: string) => ({
    labels: { profile, engine: 'autocannon', target },
    description: describe(profile, target, context),
  })
  const none = { seconds, value: 1, unseen: true }
  const running = { seconds, value: 1 }
  return [
    {
      name: 'fires with the first figure, not before, and ends with the window after the last',
      series: [run('high', none, running, none)],
      expect: [
        { atSeconds: seconds - stepSeconds, alerts: [] },
        { atSeconds: seconds + stepSeconds, alerts: [fires('high')] },
        { atSeconds: 2 * seconds + faultWindowSeconds + stepSeconds, alerts: [] },
      ],
    },
    {
      name: 'a figure that was lost does not end it',
      series: [run('high', running, { ...none, seconds: stepSeconds }, running)],
      expect: [{ atSeconds: seconds + stepSeconds, alerts: [fires('high')] }],
    },
    {
      name: 'two at once are two',
      series: [run('high', running), run('low', running)],
      expect: [{ atSeconds: seconds, alerts: [fires('high'), fires('low')] }],
    },
    {
      name: 'traffic of users is no test',
      series: [write.counter(metrics.requests, {}, [{ seconds, value: 9 }])],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
