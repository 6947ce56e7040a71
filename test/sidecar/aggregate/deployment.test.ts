import { expect, test } from 'vitest'
import { policy } from '../../../core/policy.ts'
import { unknownUuid } from '../../../core/snapshot.ts'
import { Deployment, maximumGpus } from '../../../sidecar/aggregate/deployment.ts'
import { gpuSample } from '../samples.ts'

const create = () =>
  new Deployment({ target: 'http://t', policy, intervalSeconds: 1, freshSeconds: 3 })

test('a GPU that fell silent for more than three intervals keeps its identity and no number', () => {
  const deployment = create()
  deployment.addGpus([gpuSample()], 10)
  const fresh = deployment.snapshot(13, 1000, []).gpus[0]
  expect(fresh).toMatchObject({ up: true, sample: { state: 'ok', utilizationRatio: 0.5 } })
  const stale = deployment.snapshot(13.01, 1000, []).gpus[0]
  expect(stale?.up).toBe(false)
  expect(JSON.parse(JSON.stringify(stale?.sample))).toEqual({
    uuid: 'GPU-a',
    index: '0',
    name: 'Test Accelerator',
    kind: 'nvidia',
    driverVersion: '570.10',
    state: 'vanished',
    utilizationMeasurable: true,
  })
})

test('one GPU is lost and the other goes on', () => {
  const deployment = create()
  const lost = gpuSample({
    uuid: 'GPU-b',
    state: 'lost',
    utilizationRatio: undefined,
    powerWatts: undefined,
  })
  deployment.addGpus([gpuSample(), gpuSample({ uuid: 'GPU-b' })], 1)
  deployment.addGpus([gpuSample(), lost], 2)
  const { gpus } = deployment.snapshot(2, 1000, [])
  expect(gpus.map(({ up, sample }) => [sample.uuid, up, sample.state])).toEqual([
    ['GPU-a', true, 'ok'],
    ['GPU-b', false, 'lost'],
  ])
  expect(gpus.map(({ integrals }) => integrals.observedSeconds)).toEqual([1, 0])
})

test('a GPU that was lost from the start and says its uuid later is one GPU', () => {
  const deployment = create()
  const nameless = gpuSample({ uuid: unknownUuid('1'), index: '1', state: 'lost' })
  deployment.addGpus([gpuSample(), nameless], 1)
  deployment.addGpus([gpuSample(), gpuSample({ uuid: 'GPU-b', index: '1' })], 2)
  const { gpus } = deployment.snapshot(2, 1000, [])
  expect(gpus.map(({ up, sample }) => [sample.uuid, up])).toEqual([
    ['GPU-a', true],
    ['GPU-b', true],
  ])
})

test('integrals stay when the GPU is gone and go on when it is back', () => {
  const deployment = create()
  for (const second of [0, 1, 2, 20, 21]) deployment.addGpus([gpuSample()], second)
  expect(deployment.snapshot(100, 0, []).gpus[0]?.integrals).toMatchObject({
    busySeconds: 1.5,
    observedSeconds: 3,
    energyJoules: 300,
  })
})

test('serving figures disappear when they are older than three intervals', () => {
  const deployment = create()
  deployment.addServing({ server: 's', requests: 0 }, 0)
  deployment.addServing({ server: 's', requests: 6 }, 2)
  expect(deployment.snapshot(5, 0, []).serving).toMatchObject({ queriesPerSecond: 3 })
  expect(deployment.snapshot(5.01, 0, []).serving).toBeUndefined()
})

test('MIG: unmeasurable, never scale in', () => {
  const deployment = create()
  const mig = gpuSample({ utilizationMeasurable: false, utilizationRatio: undefined })
  for (let second = 0; second <= 400; second += 1) deployment.addGpus([mig], second)
  const { guidance, gpus } = deployment.snapshot(400, 0, [])
  expect(guidance.state).toBe('unmeasurable')
  expect(gpus[0]?.integrals.observedSeconds).toBe(0)
})

test.each(['unsupported', 'no_permission'] as const)(
  'a GPU that is %s and says no utilisation is unmeasurable, not silent',
  (state) => {
    const deployment = create()
    deployment.addGpus([gpuSample({ state, utilizationMeasurable: false })], 1)
    expect(deployment.snapshot(1, 0, []).guidance.state).toBe('unmeasurable')
  },
)

test('guidance follows what was seen: busy for its window, then silent', () => {
  const deployment = create()
  const busy = gpuSample({ utilizationRatio: policy.scaleOut.utilizationRatio + 0.05 })
  const { windowSeconds } = policy.scaleOut
  for (let second = 0; second <= windowSeconds; second += 1) {
    deployment.addGpus([busy], second)
    if (second === 10) expect(deployment.snapshot(second, 0, []).guidance.state).toBe('unknown')
  }
  expect(deployment.snapshot(windowSeconds, 0, []).guidance).toMatchObject({ state: 'scale_out' })
  expect(deployment.snapshot(windowSeconds + 4, 0, []).guidance).toMatchObject({
    state: 'unknown',
    reasons: ['no GPU is watched, or none answers: the health of the sources says why'],
  })
})

test('a slow interval does not make the guidance unknown before every reading', () => {
  const intervalSeconds = 20
  const deployment = new Deployment({
    target: 'http://t',
    policy,
    intervalSeconds,
    freshSeconds: 3 * intervalSeconds,
  })
  const busy = gpuSample({ utilizationRatio: policy.scaleOut.utilizationRatio + 0.05 })
  const states = new Set<string>()
  for (let second = 0; second < 300; second += 1) {
    if (second % intervalSeconds === 0) deployment.addGpus([busy], second)
    if (second >= policy.scaleOut.windowSeconds) {
      states.add(deployment.snapshot(second, 0, []).guidance.state)
    }
  }
  expect([...states]).toEqual(['scale_out'])
})

test('a source that invents GPUs does not fill the memory', () => {
  const deployment = create()
  for (let gpu = 0; gpu < 2 * maximumGpus; gpu += 1) {
    deployment.addGpus([gpuSample({ uuid: `GPU-${String(gpu)}` })], 1)
  }
  expect(deployment.snapshot(1, 0, []).gpus).toHaveLength(maximumGpus)
})
