import { z } from 'zod'
import { durationBounds } from './metrics.ts'
import { policy, thresholdNames, thresholdsOf, type Policy } from './policy.ts'
import { wordsOf } from './problems.ts'
import { formatDuration } from './units.ts'

/*
 * Apart from the numbers: whoever only reads them, as the sidecar does for days, does not carry the
 * schema library.
 */
const ratio = z.number().gt(0).lt(1)
const count = z.number().int().positive()
/** Whole seconds, because PromQL takes no others. */
const window = count
/** At 1 the budget lasts exactly as long as it is meant to. */
const rate = z.number().gt(1)
const threshold = z.strictObject({ utilizationRatio: ratio, windowSeconds: window }).partial()
const policySchema = z
  .strictObject({
    scaleIn: threshold,
    waste: threshold,
    target: threshold,
    scaleOut: threshold,
    batchPairs: z.strictObject({ minimum: count, maximum: count }).partial(),
    p95Seconds: z.number().positive(),
    minimumCoverageRatio: ratio,
    budget: z
      .strictObject({ errorRatio: ratio, windowSeconds: window, minimumRequests: count })
      .partial(),
    burn: z
      .strictObject({
        fastRate: rate,
        fastWindowSeconds: window,
        fastRecentSeconds: window,
        slowRate: rate,
        slowWindowSeconds: window,
        slowRecentSeconds: window,
      })
      .partial(),
    memory: z
      .strictObject({ usedRatio: ratio, windowSeconds: window, errorWindowSeconds: window })
      .partial(),
    scaleOutBlockedSeconds: window,
    alerting: z
      .strictObject({
        evaluationSeconds: window,
        faultWindowSeconds: window,
        minimumSamples: count,
        faultCount: count,
        faultCountWindowSeconds: window,
        keepFiringSeconds: window,
      })
      .partial(),
  })
  .partial()

/**
 * A policy of the user's own: the given keys replace the defaults. Returns every problem at once,
 * each as a sentence, or the policy.
 */
export function parsePolicy(
  given: unknown,
): { readonly policy: Policy } | { readonly problems: readonly string[] } {
  const parsed = policySchema.safeParse(given)
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(
        (issue) => `${issue.path.join('.') || 'policy'}: ${wordsOf(issue)}`,
      ),
    }
  }
  const merged = merge(policy, parsed.data)
  const problems = contradictionsIn(merged)
  return problems.length === 0 ? { policy: merged } : { problems }
}

/** `given` over `defaults`, key by key, one level deep: a line may be moved without its window. */
function merge(defaults: Policy, given: z.infer<typeof policySchema>): Policy {
  const values = Object.entries(defaults as unknown as Record<string, unknown>).map(
    ([key, value]) => {
      const own = (given as Record<string, unknown>)[key]
      if (own === undefined) return [key, value]
      return [key, typeof own === 'object' ? { ...(value as object), ...own } : own]
    },
  )
  // Zod has checked every key and value of `given`; the other half is a whole policy.
  return Object.fromEntries(values) as Policy
}

function contradictionsIn(merged: Policy): readonly string[] {
  const rising = thresholdNames.map((name) => thresholdsOf(merged)[name].utilizationRatio)
  const ordered = rising.every((value, at) => at === 0 || value > (rising[at - 1] ?? 0))
  const { minimum, maximum } = merged.batchPairs
  const [shortest = 0, longest = 0] = [durationBounds[1], durationBounds.at(-2)]
  return [
    ...(ordered
      ? []
      : [
          `utilizationRatio must rise from scaleIn over waste and target to scaleOut, not ${rising.join(', ')}`,
        ]),
    ...(minimum <= maximum
      ? []
      : [
          `batchPairs.minimum must not be above batchPairs.maximum, not ${String(minimum)} and ${String(maximum)}`,
        ]),
    // Beyond the buckets every quantile looks the same, so an alert would fire always or never.
    ...(merged.p95Seconds >= shortest && merged.p95Seconds <= longest
      ? []
      : [
          `p95Seconds must lie where the histogram can tell (${formatDuration(shortest)} to ${formatDuration(longest)}), not ${String(merged.p95Seconds)}`,
        ]),
  ]
}
