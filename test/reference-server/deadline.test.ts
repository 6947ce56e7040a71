import { expect, test } from 'vitest'
import { AbandonedError } from '../../reference-server/batch/scheduler.ts'
import { underTerms } from '../../reference-server/deadline.ts'

/** A clock whose sleeps end when the test says so. */
function manualClock() {
  const sleeps: { seconds: number; end: () => void; aborted: () => boolean }[] = []
  const sleep = (seconds: number, signal?: AbortSignal) =>
    new Promise<void>((end) => {
      sleeps.push({ seconds, end, aborted: () => signal?.aborted ?? false })
    })
  return { sleeps, clock: { sleep } }
}
const never = new Promise<never>(() => undefined)

test('a deadline ends the work at once and says so', async () => {
  const { sleeps, clock } = manualClock()
  let seen: AbortSignal | undefined
  const ended = underTerms(
    { signal: new AbortController().signal, deadlineSeconds: 2 },
    clock,
    (signal) => {
      seen = signal
      return never
    },
  )
  expect(sleeps[0]?.seconds).toBe(2)
  sleeps[0]?.end()
  await expect(ended).rejects.toMatchObject({ kind: 'deadline_exceeded' })
  expect(seen?.reason).toMatchObject({ kind: 'deadline_exceeded' })
})

test('a caller who goes ends it as abandoned, also when he was gone before', async () => {
  const { clock } = manualClock()
  const caller = new AbortController()
  const ended = underTerms({ signal: caller.signal }, clock, () => never)
  caller.abort()
  await expect(ended).rejects.toBeInstanceOf(AbandonedError)
  await expect(underTerms({ signal: caller.signal }, clock, () => never)).rejects.toBeInstanceOf(
    AbandonedError,
  )
})

test('work that is done in time is answered, and no timer is left', async () => {
  const { sleeps, clock } = manualClock()
  const terms = { signal: new AbortController().signal, deadlineSeconds: 2 }
  expect(await underTerms(terms, clock, () => Promise.resolve(5))).toBe(5)
  expect(sleeps[0]?.aborted()).toBe(true)
  await expect(underTerms(terms, clock, () => Promise.reject(new Error('no')))).rejects.toThrow(
    'no',
  )
})
