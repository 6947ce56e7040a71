import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gpusOnPage } from '../../../sidecar/normalise/nvidia-page.ts'
import { parsePrometheusText } from '../../../sidecar/normalise/prometheus-text.ts'

const read = (text: string) => gpusOnPage(parsePrometheusText(text))
const own = 'gpu="3",UUID="GPU-a",modelName="Test Card",DCGM_FI_DRIVER_VERSION="570.1"'

test('dcgm-exporter: percent, MiB and MHz become ours; a GPU that pods share counts once', () => {
  const [gpu, ...others] = read(`
DCGM_FI_DEV_GPU_UTIL{${own},pod="one"} 37
DCGM_FI_DEV_GPU_UTIL{${own},pod="two"} 37
DCGM_FI_DEV_FB_USED{${own}} 1000
DCGM_FI_DEV_FB_FREE{${own}} 6500
DCGM_FI_DEV_FB_RESERVED{${own}} 500
DCGM_FI_DEV_POWER_USAGE{${own}} 66.5
DCGM_FI_DEV_GPU_TEMP{${own}} 41
DCGM_FI_DEV_SM_CLOCK{${own}} 1410
`)
  expect(others).toEqual([])
  expect(gpu).toEqual({
    uuid: 'GPU-a',
    index: '3',
    name: 'Test Card',
    kind: 'nvidia',
    driverVersion: '570.1',
    state: 'ok',
    utilizationMeasurable: true,
    utilizationRatio: 0.37,
    memoryUsedBytes: 1_048_576_000,
    memoryTotalBytes: 8_388_608_000,
    powerWatts: 66.5,
    temperatureCelsius: 41,
    smClockHertz: 1.41e9,
  })
})

test('under MIG the slices are not the GPU, and its utilisation is not measurable', () => {
  const gpus = read(`
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-m",GPU_I_ID="1"} 90
DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-m",GPU_I_ID="1"} 5
DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-m"} 80
`)
  expect(gpus).toMatchObject([{ uuid: 'GPU-m', utilizationMeasurable: false, powerWatts: 80 }])
  expect(gpus[0]?.utilizationRatio).toBeUndefined()
  expect(gpus[0]?.memoryUsedBytes).toBeUndefined()
})

test('Triton: ratios, bytes and watts as they are', () => {
  expect(
    read(`
nv_gpu_utilization{gpu_uuid="GPU-t"} 0.25
nv_gpu_memory_total_bytes{gpu_uuid="GPU-t"} 8000
nv_gpu_memory_used_bytes{gpu_uuid="GPU-t"} 3000
nv_gpu_power_usage{gpu_uuid="GPU-t"} 50.5
nv_gpu_power_limit{gpu_uuid="GPU-t"} 300
`),
  ).toMatchObject([
    {
      uuid: 'GPU-t',
      index: '0',
      utilizationRatio: 0.25,
      memoryUsedBytes: 3000,
      memoryTotalBytes: 8000,
      powerWatts: 50.5,
      powerLimitWatts: 300,
    },
  ])
})

test.each(['9223372036854775794', '140737488355328', '-1', 'NaN', '101'])(
  'DCGM writes %s where it knows nothing: absent',
  (value) => {
    const [gpu] = read(`DCGM_FI_DEV_GPU_UTIL{${own}} ${value}\nDCGM_FI_DEV_POWER_USAGE{${own}} 5`)
    expect(gpu).toMatchObject({ utilizationMeasurable: false, powerWatts: 5 })
  },
)

test('no page makes it throw, and no figure is out of range', () => {
  const name = fc.constantFrom('DCGM_FI_DEV_GPU_UTIL', 'DCGM_FI_DEV_FB_USED', 'nv_gpu_utilization')
  const line = fc
    .tuple(name, fc.constantFrom('UUID', 'gpu_uuid', 'x'), fc.string(), fc.double())
    .map(([metric, key, label, value]) => `${metric}{${key}="${label}"} ${String(value)}`)
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
      for (const { utilizationRatio = 0, memoryUsedBytes = 0 } of read(lines.join('\n'))) {
        expect(utilizationRatio >= 0 && utilizationRatio <= 1).toBe(true)
        expect(memoryUsedBytes >= 0 && memoryUsedBytes <= 2 ** 46).toBe(true)
      }
    }),
  )
})
