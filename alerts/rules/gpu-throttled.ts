import { metrics } from '../../core/metrics.ts'
import { lasting } from '../../core/queries.ts'
import { throttleReasons } from '../../core/snapshot.ts'
import { formatWindow } from '../../core/units.ts'
import { lastingTests } from '../cases.ts'
import { panels } from '../panels.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

/** Without the power cap: a small card that is full runs at it all day, as it should. */
const faults = throttleReasons.filter((reason) => reason !== 'sw_power_cap')

export const gpuThrottled: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankerGpuThrottled',
    group: 'saturation',
    severity: 'warning',
    query: lasting(1, metrics.gpuThrottleReason, policy, {
      job,
      reason: { matches: faults.join('|') },
    }),
    summary: 'Heat or a weak power supply holds the clocks of a GPU down.',
    description: describe(
      '{{ $labels.gpu_uuid }}',
      '{{ $labels.instance }}',
      '{{ $labels.reason }}',
      context,
    ),
    panel: panels.throttleReasons,
    action:
      'Look after the cooling and the power of that machine; until then take load off the GPU. Utilisation does not show this: a slow GPU is a busy one.',
    numbers: [
      ['Reasons', faults.join(', ')],
      ['Throughout', formatWindow(faultWindowSeconds)],
      ['Of which seen', `at least ${String(minimumSamples)} scrapes`],
    ],
    tests: testsOf(context),
  }
}

function describe(
  uuid: string,
  instance: string,
  reason: string,
  { policy: { alerting } }: RuleContext,
): string {
  return `The clocks of GPU ${uuid} at ${instance} have been held down for ${formatWindow(alerting.faultWindowSeconds)} (${reason}): batches take longer, at the same utilisation.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds, faultWindowSeconds, keepFiringSeconds } = policy.alerting
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, evaluationSeconds)
  const gpus = { first: 'GPU-a', second: 'GPU-b' }
  const reason = 'hw_thermal_slowdown'
  const seconds = 2 * faultWindowSeconds
  return [
    ...lastingTests({
      policy,
      wrong: 1,
      staysSeconds: keepFiringSeconds,
      series: (which, phases) =>
        write.gauge(metrics.gpuThrottleReason, { gpu_uuid: gpus[which], reason }, phases),
      fires: (which) => ({
        labels: { job, instance, gpu_uuid: gpus[which], reason },
        description: describe(gpus[which], instance, reason, context),
      }),
    }),
    {
      name: 'the power cap is how a full card runs',
      series: [
        write.gauge(metrics.gpuThrottleReason, { gpu_uuid: 'GPU-a', reason: 'sw_power_cap' }, [
          { seconds, value: 1 },
        ]),
      ],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
