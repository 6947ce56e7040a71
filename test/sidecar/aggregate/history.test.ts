import { expect, test } from 'vitest'
import type { ServingView, Snapshot } from '../../../core/snapshot.ts'
import { History, historySlots, historySlotSeconds } from '../../../sidecar/aggregate/history.ts'
import { snapshotOf } from '../export/page/support.ts'
import { gpuSample } from '../samples.ts'

const integrals = { busySeconds: 0, observedSeconds: 0, energyJoules: undefined, bandSeconds: {} }

function pictureOf(
  ratios: readonly (number | undefined)[],
  serving?: Partial<ServingView>,
): Snapshot {
  return snapshotOf({
    gpus: ratios.map((utilizationRatio, at) => ({
      up: true,
      attribution: 'node' as const,
      integrals,
      sample: gpuSample({ uuid: `GPU-${String(at)}`, index: String(at), utilizationRatio }),
    })),
    serving: serving && { ...snapshotOf().serving!, ...serving },
  })
}

const lineOf = (history: History, figure: string, label?: string) =>
  history
    .columns(0)
    .lines.find((line) => line.figure === figure && (label ?? line.label) === line.label)?.values

test('a slot holds the mean of the utilisation and the worst p95; an unknown one holds nothing', () => {
  const history = new History()
  history.add(
    pictureOf([0.2], { p95: { seconds: 0.1, coarse: false, of: 'request' }, queriesPerSecond: 4 }),
    0,
  )
  history.add(
    pictureOf([0.6], { p95: { seconds: 0.3, coarse: false, of: 'request' }, queriesPerSecond: 6 }),
    1,
  )
  history.add(pictureOf([undefined], { p95: undefined, queriesPerSecond: 5 }), 4)
  history.add(pictureOf([undefined]), historySlotSeconds)
  history.add(pictureOf([0.9]), 3 * historySlotSeconds)
  expect(history.columns(1000).seconds).toEqual([1003, 1008, 1013, 1018])
  expect(lineOf(history, 'utilization')).toEqual([0.4, null, null, 0.9])
  expect(lineOf(history, 'p95')).toEqual([0.3, null, null, null])
  expect(lineOf(history, 'queries')).toEqual([5, null, null, null])
})

test('a GPU that is down has no value, whatever its last sample said', () => {
  const history = new History()
  const picture = pictureOf([0.5])
  history.add({ ...picture, gpus: picture.gpus.map((view) => ({ ...view, up: false })) }, 0)
  expect(lineOf(history, 'utilization')).toEqual([null])
})

test('an hour is kept, no more; a gap longer than that leaves nothing of what was before', () => {
  const history = new History()
  for (let slot = 0; slot < historySlots + 10; slot += 1) {
    history.add(pictureOf([slot / 1000]), slot * historySlotSeconds)
  }
  const values = lineOf(history, 'utilization')
  expect(values).toHaveLength(historySlots)
  expect([values?.[0], values?.at(-1)]).toEqual([0.01, (historySlots + 9) / 1000])
  expect(history.columns(0, 2).lines[0]?.values).toEqual([0.728, 0.729])
  history.add(pictureOf([1]), 10 * historySlots * historySlotSeconds)
  expect(lineOf(history, 'utilization')?.filter((value) => value !== null)).toEqual([1])
})

test('more GPUs than a person can tell apart get no line', () => {
  const history = new History()
  history.add(pictureOf(Array.from({ length: 64 }, () => 0.5)), 0)
  const labels = history
    .columns(0)
    .lines.flatMap(({ figure, label }) => (figure === 'utilization' ? [label] : []))
  expect(labels).toEqual(Array.from({ length: 8 }, (_, at) => `GPU ${String(at)}`))
})

test('nothing seen yet is no slot', () => {
  expect(new History().columns(0).seconds).toEqual([])
})
