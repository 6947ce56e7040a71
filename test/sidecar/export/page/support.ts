import { policy } from '../../../../core/policy.ts'
import type { Snapshot } from '../../../../core/snapshot.ts'
import { gpuSample } from '../../samples.ts'

/** Two GPUs, one of them lost, and a server that says all that the page shows. */
export function snapshotOf(changes: Partial<Snapshot> = {}): Snapshot {
  const integrals = { busySeconds: 0, observedSeconds: 0, energyJoules: undefined, bandSeconds: {} }
  return {
    schema: 'rerankscope.snapshot/1',
    takenAtSeconds: 1_800_000_000,
    target: 'http://127.0.0.1:8080',
    gpus: [
      { up: true, attribution: 'node', integrals, sample: gpuSample({ utilizationRatio: 0.72 }) },
      {
        up: false,
        attribution: 'node',
        integrals,
        sample: gpuSample({
          uuid: 'GPU-b',
          index: '1',
          state: 'requires_reset',
          utilizationRatio: undefined,
          memoryUsedBytes: undefined,
          memoryTotalBytes: undefined,
          powerWatts: undefined,
          temperatureCelsius: undefined,
        }),
      },
    ],
    serving: {
      sample: { server: 'rerankscope', queuePairs: 12 },
      queriesPerSecond: 5,
      pairsPerSecond: 150,
      p95: { seconds: policy.p95Seconds / 2, coarse: true, of: 'request' },
    },
    sources: [
      {
        name: 'nvidia-smi',
        up: true,
        reason: undefined,
        durationSeconds: 1,
        lastSuccessSeconds: 1_799_999_999,
        restarts: 3,
      },
      {
        name: 'serving',
        up: false,
        reason: 'refused the connection',
        durationSeconds: 0.25,
        lastSuccessSeconds: undefined,
        restarts: 0,
      },
    ],
    guidance: {
      state: 'scale_in',
      reasons: ['utilisation was 12 % over 5.0 min, under the 40 % line', 'p95 is 250 ms'],
      recommendation: 'Remove a replica.',
    },
    ...changes,
  }
}
