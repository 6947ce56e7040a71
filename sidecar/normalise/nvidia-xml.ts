import {
  unknownUuid,
  type GpuInventory,
  type GpuProcess,
  type GpuSample,
  type MigDevice,
  type RecoveryAction,
} from '../../core/snapshot.ts'
import { quantityOf, readCell, textOf, type Cell, type Quantity } from './nvidia-cells.ts'
import type { GpuElement, NvidiaDocument, Texts } from './nvidia-document.ts'
import type { NvidiaField } from './nvidia-fields.ts'
import { sampleOf } from './nvidia-row.ts'

/** One GPU of `nvidia-smi -q -x`: the figures of a row, and what no row says. */
export interface XmlGpu {
  readonly sample: GpuSample
  readonly inventory: GpuInventory
}

/**
 * Where each figure stands, by schema: up to v11, v12, v13. Of several places the first that says
 * anything counts.
 */
const places: Partial<Record<NvidiaField, readonly string[]>> = {
  uuid: ['uuid'],
  pciBusId: ['pci/pci_bus_id'],
  utilization: ['utilization/gpu_util'],
  memoryUsed: ['fb_memory_usage/used'],
  memoryTotal: ['fb_memory_usage/total'],
  power: ['gpu_power_readings/instant_power_draw'],
  powerDraw: ['gpu_power_readings/power_draw', 'power_readings/power_draw'],
  powerAverage: ['gpu_power_readings/average_power_draw'],
  powerLimit: [
    'gpu_power_readings/current_power_limit',
    'power_readings/enforced_power_limit',
    'power_readings/power_limit',
  ],
  temperature: ['temperature/gpu_temp'],
  smClock: ['clocks/sm_clock'],
  swPowerCap: reason('sw_power_cap'),
  swThermal: reason('sw_thermal_slowdown'),
  hwThermal: reason('hw_thermal_slowdown'),
  hwPowerBrake: reason('hw_power_brake_slowdown'),
  name: ['product_name'],
}

function reason(name: string): readonly string[] {
  return ['event', 'throttle'].map((word) => `clocks_${word}_reasons/clocks_${word}_reason_${name}`)
}

/** What the document says of each GPU. Pure; never throws. */
export function normaliseXml({ texts, gpus }: NvidiaDocument): readonly XmlGpu[] {
  return gpus.map((gpu, at) => gpuOf(gpu, texts, String(at)))
}

function gpuOf(gpu: GpuElement, common: Texts, index: string): XmlGpu {
  const cellOf = (...names: readonly string[]) => firstOf(gpu.texts, names)
  const fieldOf = (field: NvidiaField): Cell =>
    field === 'driverVersion'
      ? firstOf(common, ['driver_version'])
      : cellOf(...(places[field] ?? []))
  const sample = sampleOf(fieldOf, index, { kind: 'nvidia', known: new Map() })
  const total = gpu.texts.get('fb_memory_usage/total')
  const memoryCell = total === undefined ? undefined : readCell(total)
  return {
    sample,
    inventory: {
      uuid: textOf(cellOf('uuid')) ?? unknownUuid(sample.pciBusId ?? index),
      pciBusId: sample.pciBusId,
      architecture: wordOf(cellOf('product_architecture')),
      cudaVersion: wordOf(firstOf(common, ['cuda_version', 'cuda_umd_version'])),
      virtualization: wordOf(cellOf('gpu_virtualization_mode/virtualization_mode'))?.toLowerCase(),
      mig: enabled(cellOf('mig_mode/current_mig')),
      memory:
        memoryCell?.kind === 'text'
          ? 'dedicated'
          : memoryCell?.kind === 'absent' && sample.utilizationMeasurable
            ? 'unified'
            : undefined,
      memoryReservedBytes: within(cellOf('fb_memory_usage/reserved'), 'bytes', 2 ** 50),
      powerLimitMaximumWatts: within(
        cellOf('gpu_power_readings/max_power_limit', 'power_readings/max_power_limit'),
        'watts',
        100_000,
      ),
      // Some counts of a lost GPU read plausible values.
      eccErrors: sample.state === 'ok' ? eccErrorsOf(gpu.texts) : noErrorCounts,
      recoveryAction: recoveryActionOf(gpu.texts),
      migDevices: gpu.migDevices.flatMap(migDeviceOf),
      processes: gpu.processes.flatMap(processOf),
      processCount: gpu.processCount,
    },
  }
}

function firstOf(texts: Texts, names: readonly string[]): Cell {
  const cells = names.flatMap((name) => {
    const text = texts.get(name)
    return text === undefined ? [] : [readCell(text)]
  })
  return cells.find(({ kind }) => kind !== 'absent') ?? { kind: 'absent' }
}

/** Becomes a label value, so it is short. */
function wordOf(cell: Cell): string | undefined {
  return textOf(cell)?.slice(0, 64)
}

function enabled(cell: Cell): boolean | undefined {
  const text = textOf(cell)?.toLowerCase()
  return text === 'enabled' ? true : text === 'disabled' ? false : undefined
}

function within(cell: Cell, quantity: Quantity, highest: number): number | undefined {
  const value = quantityOf(cell, quantity)
  return value !== undefined && value >= 0 && value <= highest ? value : undefined
}

function countOf(cell: Cell): number | undefined {
  const text = textOf(cell)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Instances are small numbers; outside MIG they read N/A. */
function instanceOf(texts: Texts, kind: 'gpu' | 'compute'): string | undefined {
  return countOf(firstOf(texts, [`${kind}_instance_id`]))?.toString()
}

const noErrorCounts = { corrected: undefined, uncorrected: undefined }

/** One total up to v11 of old cards; then SRAM and DRAM, and SRAM by kind from driver 550 on. */
function eccErrorsOf(texts: Texts): GpuInventory['eccErrors'] {
  const sum = (...names: readonly string[]) => {
    const counts = names.flatMap((name) => {
      const count = countOf(firstOf(texts, [`ecc_errors/volatile/${name}`]))
      return count === undefined ? [] : [count]
    })
    return counts.length === 0 ? undefined : counts.reduce((total, count) => total + count, 0)
  }
  return {
    corrected: sum('single_bit/total', 'sram_correctable', 'dram_correctable'),
    uncorrected: sum(
      'double_bit/total',
      'sram_uncorrectable',
      'sram_uncorrectable_parity',
      'sram_uncorrectable_secded',
      'dram_uncorrectable',
    ),
  }
}

/** One word from driver 550 on, two yes-or-no questions before it. */
function recoveryActionOf(texts: Texts): RecoveryAction | undefined {
  const said = textOf(firstOf(texts, ['gpu_recovery_action']))?.toLowerCase()
  if (said !== undefined) {
    if (said === 'none') return 'none'
    if (said.includes('drain')) return said.includes('reset') ? 'drain_and_reset' : 'drain_p2p'
    return said.includes('reboot') ? 'reboot' : said.includes('reset') ? 'reset' : undefined
  }
  const answer = (name: string) =>
    textOf(firstOf(texts, [`gpu_reset_status/${name}`]))?.toLowerCase()
  if (answer('reset_required') === 'yes') return 'reset'
  const drain = answer('drain_and_reset_recommended')
  if (drain === 'yes') return 'drain_and_reset'
  return answer('reset_required') === 'no' ? 'none' : undefined
}

function migDeviceOf(texts: Texts): readonly MigDevice[] {
  const gpuInstance = instanceOf(texts, 'gpu')
  const computeInstance = instanceOf(texts, 'compute')
  if (gpuInstance === undefined || computeInstance === undefined) return []
  const memory = (name: string, highest: number) =>
    within(firstOf(texts, [`fb_memory_usage/${name}`]), 'bytes', highest)
  const memoryTotalBytes = memory('total', 2 ** 50)
  return [
    {
      gpuInstance,
      computeInstance,
      memoryUsedBytes: memory('used', memoryTotalBytes ?? 2 ** 50),
      memoryTotalBytes,
    },
  ]
}

function processOf(texts: Texts): readonly GpuProcess[] {
  const pid = countOf(firstOf(texts, ['pid']))
  if (pid === undefined) return []
  return [
    {
      pid,
      type: wordOf(firstOf(texts, ['type'])) ?? 'unknown',
      gpuInstance: instanceOf(texts, 'gpu'),
      computeInstance: instanceOf(texts, 'compute'),
      memoryUsedBytes: within(firstOf(texts, ['used_memory']), 'bytes', 2 ** 50),
    },
  ]
}
