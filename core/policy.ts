/**
 * The utilisation guidance as numbers, once. Alerts, boards, verdicts, autoscaling and docs read
 * them from here; `test/repo/policy.test.ts` changes one and expects every reader to change.
 *
 * Utilisation is nvidia-smi's: the share of time in which at least one kernel ran. It says nothing
 * about how full the GPU was, and a window is blind to bursts shorter than itself.
 */
export interface Threshold {
  readonly utilizationRatio: number
  /** The mean over this window is compared, and only when `minimumCoverageRatio` of it was observed. */
  readonly windowSeconds: number
}

export interface Policy {
  /** Below this for five minutes: fewer replicas would do (article §4.3). */
  readonly scaleIn: Threshold
  /** Below this for long, with traffic: the batch strategy wastes the GPU (article §5.2). */
  readonly waste: Threshold
  /** What a well-batched reranker reaches at batch 4–8 (article §4.1); autoscaling aims at it. */
  readonly target: Threshold
  /** Above this for a minute: no headroom is left for a burst (article §4.3). */
  readonly scaleOut: Threshold
  /** The batch sizes that reach the target (article §4.1), in pairs a batch. */
  readonly batchPairs: { readonly minimum: number; readonly maximum: number }
  /** The p95 response time that counts as healthy, the second witness beside utilisation. */
  readonly p95Seconds: number
  /** The share of a window that must have been observed before anything is said about it. */
  readonly minimumCoverageRatio: number
  /** How requests are judged: the failures that are allowed, over which window, from how many requests on. */
  readonly budget: {
    readonly errorRatio: number
    readonly windowSeconds: number
    readonly minimumRequests: number
  }
  /**
   * How many times too fast the budget may be used up before somebody is woken, over which window, and
   * over which recent part of it, so that what is over wakes nobody: the two paces that Google's SRE
   * workbook pages for (a fiftieth of a month's budget within an hour, a twentieth within six).
   */
  readonly burn: {
    readonly fastRate: number
    readonly fastWindowSeconds: number
    readonly fastRecentSeconds: number
    readonly slowRate: number
    readonly slowWindowSeconds: number
    readonly slowRecentSeconds: number
  }
  /** Memory of the GPU: it never says to scale in, because servers keep what they once took. */
  readonly memory: {
    /** Lies above the nine tenths that vLLM takes when it starts: those are no want of memory. */
    readonly usedRatio: number
    /** Long enough to tell a level from one large batch. */
    readonly windowSeconds: number
    /** For how long a memory error that cannot be corrected is shown; its counter never falls. */
    readonly errorWindowSeconds: number
  }
  /** For how long an autoscaler must ask for replicas in vain: a pod may wait for its node and model. */
  readonly scaleOutBlockedSeconds: number
  /** The clockwork of the alerts. A window must hold `minimumSamples` scrapes before a rule may speak. */
  readonly alerting: {
    readonly evaluationSeconds: number
    /** How long a GPU, a source or a target must be gone; longer than a restart takes. */
    readonly faultWindowSeconds: number
    readonly minimumSamples: number
    /** Once is an accident, this often within `faultCountWindowSeconds` a habit. */
    readonly faultCount: number
    readonly faultCountWindowSeconds: number
    /** How long advice stays after its reason went away, so that it does not flap. */
    readonly keepFiringSeconds: number
  }
}

export const policy: Policy = {
  scaleIn: { utilizationRatio: 0.4, windowSeconds: 300 },
  waste: { utilizationRatio: 0.6, windowSeconds: 1800 },
  target: { utilizationRatio: 0.7, windowSeconds: 300 },
  scaleOut: { utilizationRatio: 0.8, windowSeconds: 60 },
  batchPairs: { minimum: 4, maximum: 8 },
  p95Seconds: 0.5,
  minimumCoverageRatio: 0.9,
  budget: { errorRatio: 0.01, windowSeconds: 300, minimumRequests: 100 },
  burn: {
    fastRate: 14.4,
    fastWindowSeconds: 3600,
    fastRecentSeconds: 300,
    slowRate: 6,
    slowWindowSeconds: 21_600,
    slowRecentSeconds: 1800,
  },
  memory: { usedRatio: 0.95, windowSeconds: 300, errorWindowSeconds: 3600 },
  scaleOutBlockedSeconds: 900,
  alerting: {
    evaluationSeconds: 15,
    faultWindowSeconds: 120,
    minimumSamples: 4,
    faultCount: 3,
    faultCountWindowSeconds: 600,
    keepFiringSeconds: 180,
  },
}

/** In rising order of utilisation; the names are label values of `rerankscope_policy_threshold_ratio`. */
export const thresholdNames = ['scale_in', 'waste', 'target', 'scale_out'] as const
export type ThresholdName = (typeof thresholdNames)[number]

export function thresholdsOf(from: Policy): Readonly<Record<ThresholdName, Threshold>> {
  return {
    scale_in: from.scaleIn,
    waste: from.waste,
    target: from.target,
    scale_out: from.scaleOut,
  }
}

/** How many replicas carry `queriesPerSecond` when each runs at `targetRatio` of its capacity. */
export function replicasFor(
  queriesPerSecond: number,
  capacity: number,
  targetRatio: number,
): number {
  // The small addend keeps a whole quotient whole whatever binary fractions make of it.
  return Math.max(1, Math.ceil(queriesPerSecond / (capacity * targetRatio) - 1e-9))
}

export interface Band {
  /** Label value: `below_40`, `40_60`, `60_80`, `above_80` under the default policy. */
  readonly name: string
  /** The band holds ratios in [from, to); the last one includes 1. */
  readonly fromRatio: number
  readonly toRatio: number
}

/** The four bands that scale-in, waste and scale-out cut [0, 1] into. Ratios on a line belong above it. */
export function bandsOf(from: Policy): readonly Band[] {
  const [low, middle, high] = [from.scaleIn, from.waste, from.scaleOut].map(
    (threshold) => threshold.utilizationRatio,
  ) as [number, number, number]
  // Twelve digits drop binary noise (0.57 * 100) and keep 40.1 and 40.4 apart, which rounding would not.
  const percent = (ratio: number) => String(Number((ratio * 100).toPrecision(12)))
  return [
    { name: `below_${percent(low)}`, fromRatio: 0, toRatio: low },
    { name: `${percent(low)}_${percent(middle)}`, fromRatio: low, toRatio: middle },
    { name: `${percent(middle)}_${percent(high)}`, fromRatio: middle, toRatio: high },
    { name: `above_${percent(high)}`, fromRatio: high, toRatio: 1 },
  ]
}
