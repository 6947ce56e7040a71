import { expect, test } from 'vitest'
import type { Snapshot } from '../../core/snapshot.ts'
import { Picture } from '../../sidecar/picture.ts'
import { FakeClock } from './fake-clock.ts'

test('is taken anew after a reading, when something grows too old and when it ages, and only then', async () => {
  const clock = new FakeClock()
  let attempts = 0
  let until = Infinity
  const taken: number[] = []
  const picture = new Picture({
    clock,
    take: () => {
      taken.push(clock.monotonicSeconds())
      return {} as Snapshot
    },
    attempts: () => attempts,
    trueUntilSeconds: () => until,
  })
  const first = picture.current()
  await clock.advance(1)
  expect(picture.current()).toBe(first)
  attempts += 1
  until = 1.5
  expect(picture.current()).not.toBe(first)
  await clock.advance(0.5)
  picture.current()
  await clock.advance(0.25)
  until = Infinity
  const second = picture.current()
  await clock.advance(2)
  expect(picture.current()).toBe(second)
  await clock.advance(0.25)
  picture.current()
  expect(taken).toEqual([0, 1, 1.75, 4])
})
