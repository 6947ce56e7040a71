import { metrics } from '../../core/metrics.ts'
import { aggregate, histogramCount } from '../../core/promql.ts'
import { queuePerCompute } from '../../core/queries.ts'
import { queueShare } from '../shapes/queue-share.ts'
import type { RuleDefinition } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const queueSaturated: RuleDefinition = (context) => {
  const { policy, job } = context
  const { windowSeconds } = policy.budget
  const queued = histogramCount(metrics.stageDuration, windowSeconds, { job, stage: 'queue' })
  return queueShare(context, {
    ratio: queuePerCompute(deployment, windowSeconds, { job }),
    requests: aggregate('sum', deployment, queued),
    series: (write, phases) =>
      (['queue', 'infer'] as const).flatMap((stage) =>
        write.mean(
          metrics.stageDuration,
          { stage },
          phases.map(({ seconds, perSecond, waited }) => ({
            seconds,
            perSecond,
            mean: stage === 'queue' ? waited : 1,
          })),
        ),
      ),
  })
}
