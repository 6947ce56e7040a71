import { expect, test } from 'vitest'
import type { Snapshot } from '../../core/snapshot.ts'
import { Picture } from '../../sidecar/picture.ts'
import { FakeClock } from './fake-clock.ts'

test('is taken anew after a reading and when it ages, and only then', async () => {
  const clock = new FakeClock()
  let attempts = 0
  const taken: number[] = []
  const picture = new Picture({
    clock,
    take: () => {
      taken.push(clock.monotonicSeconds())
      return {} as Snapshot
    },
    attempts: () => attempts,
  })
  const first = picture.current()
  await clock.advance(0.2)
  expect(picture.current()).toBe(first)
  attempts += 1
  expect(picture.current()).not.toBe(first)
  await clock.advance(0.2)
  picture.current()
  await clock.advance(0.1)
  picture.current()
  expect(taken).toEqual([0, 0.2, 0.5])
})
