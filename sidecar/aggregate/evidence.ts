import type { Evidence } from '../../core/guidance.ts'
import type { GpuView, ServingView } from '../../core/snapshot.ts'

/** What the guidance judges by. */
export function evidenceOf(
  gpus: readonly (Pick<GpuView, 'sample'> & { readonly fresh: boolean })[],
  serving: ServingView | undefined,
  utilization: Evidence['utilization'],
): Evidence {
  // A device without any figure answers, but can be measured as little as one under MIG.
  const answering = gpus.filter(
    ({ fresh, sample: { state, utilizationMeasurable } }) =>
      fresh &&
      (state === 'ok' ||
        (!utilizationMeasurable && (state === 'unsupported' || state === 'no_permission'))),
  )
  const powerRatios = answering.flatMap(({ sample: { powerWatts, powerLimitWatts } }) =>
    powerWatts === undefined || powerLimitWatts === undefined ? [] : [powerWatts / powerLimitWatts],
  )
  return {
    measurable:
      answering.length === 0
        ? undefined
        : answering.some(({ sample }) => sample.utilizationMeasurable),
    utilization,
    emulated: answering.some(({ sample }) => sample.kind === 'emulated'),
    queriesPerSecond: serving?.queriesPerSecond,
    p95Seconds: serving?.p95?.seconds,
    queuePairs: serving?.sample.queuePairs,
    queueRequests: serving?.sample.queueRequests,
    powerRatio:
      powerRatios.length === 0
        ? undefined
        : powerRatios.reduce((total, ratio) => total + ratio, 0) / powerRatios.length,
  }
}
