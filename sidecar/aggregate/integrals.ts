import type { Band } from '../../core/policy.ts'
import type { GpuIntegrals, GpuSample } from '../../core/snapshot.ts'

/** A sample and when it was read, in monotonic seconds. */
export interface Timed {
  readonly sample: GpuSample
  readonly atSeconds: number
}

export function noIntegrals(bands: readonly Band[]): GpuIntegrals {
  return {
    busySeconds: 0,
    observedSeconds: 0,
    energyJoules: undefined,
    bandSeconds: Object.fromEntries(bands.map(({ name }) => [name, 0])),
  }
}

/**
 * Seconds between two consecutive samples of a GPU that count as observed: both say the
 * utilisation, and no reading was missed for longer than `maximumGapSeconds` in between. Otherwise 0.
 */
export function observedBetween(
  earlier: Timed | undefined,
  later: Timed,
  maximumGapSeconds: number,
): number {
  if (earlier?.sample.utilizationRatio === undefined) return 0
  if (later.sample.utilizationRatio === undefined) return 0
  return gapBetween(earlier, later, maximumGapSeconds)
}

/** The integrals after `later`. Utilisation covers the time before its sample, so `later` counts for all of it. */
export function integrate(
  integrals: GpuIntegrals,
  earlier: Timed | undefined,
  later: Timed,
  options: { readonly maximumGapSeconds: number; readonly bands: readonly Band[] },
): GpuIntegrals {
  const seconds = observedBetween(earlier, later, options.maximumGapSeconds)
  const ratio = later.sample.utilizationRatio ?? 0
  const band = seconds === 0 ? undefined : bandOf(ratio, options.bands)
  return {
    busySeconds: integrals.busySeconds + ratio * seconds,
    observedSeconds: integrals.observedSeconds + seconds,
    energyJoules: energyAfter(integrals, earlier, later, options.maximumGapSeconds),
    bandSeconds:
      band === undefined
        ? integrals.bandSeconds
        : { ...integrals.bandSeconds, [band]: (integrals.bandSeconds[band] ?? 0) + seconds },
  }
}

/** Power is of the instant, so the mean of both ends counts for the time between them. */
function energyAfter(
  { energyJoules }: GpuIntegrals,
  earlier: Timed | undefined,
  later: Timed,
  maximumGapSeconds: number,
): number | undefined {
  const { powerWatts } = later.sample
  if (powerWatts === undefined) return energyJoules
  if (earlier?.sample.powerWatts === undefined) return energyJoules ?? 0
  const watts = (earlier.sample.powerWatts + powerWatts) / 2
  return (energyJoules ?? 0) + watts * gapBetween(earlier, later, maximumGapSeconds)
}

function gapBetween(earlier: Timed, later: Timed, maximumGapSeconds: number): number {
  const gap = later.atSeconds - earlier.atSeconds
  return gap > 0 && gap <= maximumGapSeconds ? gap : 0
}

/** The name of the band that holds `ratio`; a ratio on a line belongs to the band above it. */
function bandOf(ratio: number, bands: readonly Band[]): string | undefined {
  return (
    bands.find(({ fromRatio, toRatio }) => ratio >= fromRatio && ratio < toRatio) ?? bands.at(-1)
  )?.name
}
