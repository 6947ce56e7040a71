import { unknownUuid, type GpuSample, type GpuState } from '../../core/snapshot.ts'
import { failedGpu, pciAddress } from './nvidia-row.ts'

/** Four spellings are known: with and without the space, in capitals or not, `detect` on Windows. */
const handleLine =
  /unable to (?:determine|detect) the device handle for gpu\s*((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])\s*:\s*(.*)/i

/**
 * The GPU that a line says cannot be reached, by the PCI address in it; undefined for any other
 * line. One that was never seen before is known by its address alone.
 */
export function normaliseHandleLine(
  line: string,
  known: readonly GpuSample[],
): GpuSample | undefined {
  const [, address, cause = ''] = handleLine.exec(line) ?? []
  if (address === undefined) return undefined
  const pciBusId = pciAddress(address)
  const index = pciBusId
  const before = known.find((gpu) => gpu.pciBusId === pciBusId)
  return failedGpu(
    before ?? { uuid: unknownUuid(index), index, name: 'unknown', kind: 'nvidia', pciBusId },
    stateOf(cause),
  )
}

function stateOf(cause: string): GpuState {
  if (/gpu is lost/i.test(cause)) return 'lost'
  return /requires reset/i.test(cause) ? 'requires_reset' : 'unknown_error'
}
