import type { Attribution, GpuInventory, GpuSample } from '../../core/snapshot.ts'
import type { TargetProcess } from '../target-process.ts'

export interface AttributionHints {
  /** What the user said: indices or uuids. */
  readonly explicit: readonly string[] | undefined
  readonly process: TargetProcess | undefined
  readonly inventory: ReadonlyMap<string, Pick<GpuInventory, 'processes'>>
}

type Gpu = Pick<GpuSample, 'uuid' | 'index' | 'kind'>

/**
 * How each GPU belongs to the target, by uuid. The user's word comes first, then what the target's
 * environment names, then where its processes run; where none of that is known, all are its.
 */
export function attribute(
  gpus: readonly Gpu[],
  { explicit, process, inventory }: AttributionHints,
): ReadonlyMap<string, Attribution> {
  const pids = new Set(process?.pids)
  const rules: readonly (readonly [Attribution, (gpu: Gpu) => boolean])[] = [
    ['explicit', (gpu) => names(explicit, gpu)],
    ['environment', (gpu) => names(process?.devices, gpu)],
    [
      'process',
      ({ uuid }) => inventory.get(uuid)?.processes.some(({ pid }) => pids.has(pid)) === true,
    ],
  ]
  const real = gpus.filter(({ kind }) => kind === 'nvidia')
  // A rule that finds none of the GPUs says nothing; the user's word is not passed over.
  const rule = rules.find(
    ([name, matches]) => real.some(matches) || (name === 'explicit' && explicit !== undefined),
  )
  return new Map(
    gpus.map((gpu) => {
      if (gpu.kind === 'emulated') return [gpu.uuid, 'process']
      if (rule === undefined || gpu.kind !== 'nvidia') return [gpu.uuid, 'node']
      return [gpu.uuid, rule[1](gpu) ? rule[0] : 'none']
    }),
  )
}

/** By index, by uuid, or by the beginning of a uuid, as CUDA has it. */
function names(devices: readonly string[] | undefined, { uuid, index }: Gpu): boolean {
  return (
    devices?.some(
      (device) => device === index || (/^GPU-.{4}/.test(device) && uuid.startsWith(device)),
    ) === true
  )
}
