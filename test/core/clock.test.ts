import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../core/clock.ts'

test('sleep ends early when its signal aborts, and at once when it has', async () => {
  const controller = new AbortController()
  const sleeping = systemClock.sleep(3600, controller.signal)
  controller.abort()
  await sleeping
  await systemClock.sleep(3600, controller.signal)
})

test('time goes forward', async () => {
  const before = systemClock.monotonicSeconds()
  await systemClock.sleep(0.02)
  // Timers may fire up to a millisecond early.
  expect(systemClock.monotonicSeconds() - before).toBeGreaterThan(0.018)
})

test('a sleep longer than a timer can be is not over at once', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let over = false
  void systemClock.sleep(1e8).then(() => (over = true))
  await vi.advanceTimersByTimeAsync(86_400_000)
  expect(over).toBe(false)
})
