/**
 * The only door to time. Pure stages take seconds as arguments; whoever must wait or stamp gets a
 * `Clock`, so that tests can run an hour in a millisecond.
 */
export interface Clock {
  /** Unix time in seconds: for people and for joining with other machines. It can jump. */
  wallSeconds(): number
  /** Seconds since an arbitrary point; never goes back: for every duration. */
  monotonicSeconds(): number
  /**
   * Resolves after `seconds`, 24 days at the latest, or at once (without throwing) when `signal`
   * aborts.
   */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>
}

/** Node.js ends a longer timer after a millisecond: what should hardly ever happen would never stop. */
export const longestTimerMilliseconds = 2 ** 31 - 1

export const systemClock: Clock = {
  wallSeconds: () => Date.now() / 1000,
  monotonicSeconds: () => performance.now() / 1000,
  sleep: (seconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve()
        return
      }
      const wake = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const milliseconds = Math.min(Math.max(0, seconds) * 1000, longestTimerMilliseconds)
      const timer = setTimeout(wake, milliseconds)
      signal?.addEventListener('abort', wake, { once: true })
    }),
}

/** Waits for `done`, but no longer than `seconds`; leaves no timer behind. True when it was done. */
export async function within(
  clock: Pick<Clock, 'sleep'>,
  seconds: number,
  done: Promise<unknown>,
): Promise<boolean> {
  const stop = new AbortController()
  try {
    return await Promise.race([
      done.then(() => true),
      clock.sleep(seconds, stop.signal).then(() => false),
    ])
  } finally {
    stop.abort()
  }
}
