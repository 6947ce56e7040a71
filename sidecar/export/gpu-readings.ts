import { metrics } from '../../core/metrics.ts'
import { reading, readingIfKnown, stateReadings, type Reading } from '../../core/reading.ts'
import {
  gpuStates,
  recoveryActions,
  throttleReasons,
  type GpuInventory,
  type GpuView,
} from '../../core/snapshot.ts'
import { percentOf } from '../../core/units.ts'

export function gpuReadings(view: GpuView): readonly Reading[] {
  const { sample, up, integrals, inventory, attribution } = view
  const { index: gpu, uuid: gpu_uuid, name, kind, driverVersion } = sample
  const one = { gpu_uuid }
  return [
    reading(
      metrics.gpuInfo,
      {
        gpu,
        gpu_uuid,
        name,
        driver_version: driverVersion ?? '',
        kind,
        attribution,
      },
      1,
    ),
    reading(metrics.gpuUp, one, up ? 1 : 0),
    ...stateReadings(metrics.gpuState, (state) => ({ ...one, state }), gpuStates, sample.state),
    ...(up ? figureReadings(sample) : []),
    ...(inventory === undefined ? [] : inventoryReadings(inventory, up)),
    reading(metrics.gpuBusySeconds, one, integrals.busySeconds),
    reading(metrics.gpuObservedSeconds, one, integrals.observedSeconds),
    ...readingIfKnown(metrics.gpuEnergyJoules, one, integrals.energyJoules),
    ...Object.entries(integrals.bandSeconds).map(([band, seconds]) =>
      reading(metrics.gpuBandSeconds, { ...one, band }, seconds),
    ),
  ]
}

function figureReadings(sample: GpuView['sample']): readonly Reading[] {
  const { index: gpu, uuid: gpu_uuid, utilizationRatio: ratio, memoryUsedBytes, throttled } = sample
  const one = { gpu_uuid }
  const both = { gpu, gpu_uuid }
  const known = readingIfKnown
  return [
    ...known(metrics.gpuUtilization, both, ratio === undefined ? undefined : percentOf(ratio)),
    ...known(metrics.gpuMemoryUsed, both, memoryUsedBytes),
    ...known(metrics.gpuUtilizationRatio, one, ratio),
    reading(metrics.gpuUtilizationMeasurable, one, sample.utilizationMeasurable ? 1 : 0),
    ...known(metrics.gpuMemoryUsedBytes, one, memoryUsedBytes),
    ...known(metrics.gpuMemoryTotalBytes, one, sample.memoryTotalBytes),
    ...known(metrics.gpuPowerWatts, one, sample.powerWatts),
    ...known(metrics.gpuPowerLimitWatts, one, sample.powerLimitWatts),
    ...known(metrics.gpuTemperatureCelsius, one, sample.temperatureCelsius),
    ...known(metrics.gpuSmClockHertz, one, sample.smClockHertz),
    ...known(metrics.gpuThrottled, one, throttled === undefined ? undefined : Number(throttled)),
    ...throttleReasons.flatMap((reason) => {
      const holds = sample.throttleReasons?.[reason]
      return holds === undefined
        ? []
        : [reading(metrics.gpuThrottleReason, { ...one, reason }, Number(holds))]
    }),
  ]
}

/** Of a GPU that is down only what asks for help, and no figure. */
function inventoryReadings(inventory: GpuInventory, up: boolean): readonly Reading[] {
  const one = { gpu_uuid: inventory.uuid }
  const known = readingIfKnown
  const { mig, recoveryAction } = inventory
  return [
    reading(
      metrics.gpuInventoryInfo,
      {
        ...one,
        pci_bus_id: inventory.pciBusId ?? '',
        architecture: inventory.architecture ?? '',
        cuda_version: inventory.cudaVersion ?? '',
        virtualization: inventory.virtualization ?? '',
        mig: mig === undefined ? '' : mig ? 'enabled' : 'disabled',
        memory: inventory.memory ?? '',
      },
      1,
    ),
    ...(recoveryAction === undefined
      ? []
      : stateReadings(
          metrics.gpuRecoveryAction,
          (action) => ({ ...one, action }),
          recoveryActions,
          recoveryAction,
        )),
    ...(up
      ? [
          ...(['corrected', 'uncorrected'] as const).flatMap((type) =>
            known(metrics.gpuEccErrors, { ...one, type }, inventory.eccErrors[type]),
          ),
          ...known(metrics.gpuMemoryReservedBytes, one, inventory.memoryReservedBytes),
          ...known(metrics.gpuPowerLimitMaximumWatts, one, inventory.powerLimitMaximumWatts),
          // None is seen also where none may be seen.
          ...known(metrics.gpuProcesses, one, inventory.processCount || undefined),
          ...inventory.migDevices.flatMap((device) => {
            const { gpuInstance: gpu_instance, computeInstance: compute_instance } = device
            const slice = { ...one, gpu_instance, compute_instance }
            return [
              ...known(metrics.gpuMigMemoryUsedBytes, slice, device.memoryUsedBytes),
              ...known(metrics.gpuMigMemoryTotalBytes, slice, device.memoryTotalBytes),
            ]
          }),
        ]
      : []),
  ]
}
