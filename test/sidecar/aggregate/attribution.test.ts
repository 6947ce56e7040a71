import { expect, test } from 'vitest'
import { policy } from '../../../core/policy.ts'
import type { GpuInventory } from '../../../core/snapshot.ts'
import { attribute } from '../../../sidecar/aggregate/attribution.ts'
import { Deployment } from '../../../sidecar/aggregate/deployment.ts'
import { gpuSample } from '../samples.ts'

const gpus = ['GPU-aaaa-0', 'GPU-bbbb-1', 'GPU-cccc-2'].map((uuid, at) =>
  gpuSample({ uuid, index: String(at) }),
)
const processes = (pid: number) => [
  { pid, type: 'C', gpuInstance: undefined, computeInstance: undefined, memoryUsedBytes: 1 },
]
const inventory = new Map([
  ['GPU-aaaa-0', { processes: processes(10) }],
  ['GPU-cccc-2', { processes: processes(11) }],
])
const nothing = { explicit: undefined, process: undefined, inventory: new Map() }
const ways = (hints: Partial<Parameters<typeof attribute>[1]>) => [
  ...attribute(gpus, { ...nothing, ...hints }).values(),
]

test('the word of the user, the environment, the processes, else every GPU: in this order', () => {
  const process = { pids: [11, 99], devices: ['GPU-bbbb'] }
  expect(ways({ explicit: ['0', 'GPU-cccc-2'], process, inventory })).toEqual([
    'explicit',
    'none',
    'explicit',
  ])
  expect(ways({ process, inventory })).toEqual(['none', 'environment', 'none'])
  expect(ways({ process: { ...process, devices: undefined }, inventory })).toEqual([
    'none',
    'none',
    'process',
  ])
  expect(ways({ inventory })).toEqual(['node', 'node', 'node'])
})

test('what the environment names and is not here says nothing; the word of the user is kept', () => {
  const process = { pids: [], devices: ['MIG-1234', '7'] }
  expect(ways({ process })).toEqual(['node', 'node', 'node'])
  expect(ways({ explicit: ['7'] })).toEqual(['none', 'none', 'none'])
})

test('an emulated device is the process itself, a replayed one is not matched', () => {
  const others = [
    gpuSample({ uuid: 'e', kind: 'emulated' }),
    gpuSample({ uuid: 'r', kind: 'replay' }),
  ]
  expect([...attribute(others, { ...nothing, explicit: ['0'] }).values()]).toEqual([
    'process',
    'node',
  ])
})

test('guidance judges by the GPUs of the target alone, from when they are known', () => {
  const deployment = new Deployment({
    target: 'http://t',
    policy,
    intervalSeconds: 1,
    freshSeconds: 3,
  })
  const busy = gpuSample({ uuid: 'GPU-other', index: '0', utilizationRatio: 1 })
  const idle = gpuSample({ uuid: 'GPU-own-x', index: '1', utilizationRatio: 0 })
  const run = (from: number, to: number) => {
    for (let second = from; second <= to; second += 1) deployment.addGpus([busy, idle], second)
  }
  run(0, policy.scaleIn.windowSeconds + 60)
  const found = { gpus: [] as readonly GpuInventory[], process: { pids: [], devices: ['1'] } }
  deployment.addInventory(found, policy.scaleIn.windowSeconds + 60, 180)
  const { gpus: views, guidance } = deployment.snapshot(policy.scaleIn.windowSeconds + 60, 0, [])
  expect(views.map(({ attribution }) => attribution)).toEqual(['none', 'environment'])
  expect(guidance.state).toBe('unknown')
  const end = 3 * policy.scaleIn.windowSeconds
  run(policy.scaleIn.windowSeconds + 61, end)
  // Both together were half busy, which is not idle; its own one is.
  expect(deployment.snapshot(end, 0, []).guidance.state).toBe('scale_in')
})
