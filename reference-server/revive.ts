import type { Clock } from '../core/clock.ts'

/** Waits between attempts to start what died: doubled each time, up to the last. */
const firstBackoffSeconds = 0.25
const longestBackoffSeconds = 30

/**
 * Calls `attempt` until it resolves without a problem or `signal` aborts. What cannot start would
 * otherwise be started without end, and take the cores from everything that still works.
 */
export async function revive(
  attempt: () => Promise<string | undefined>,
  {
    clock,
    signal,
    onProblem,
  }: {
    readonly clock: Pick<Clock, 'sleep'>
    readonly signal: AbortSignal
    readonly onProblem: (problem: string) => void
  },
): Promise<void> {
  const stopped = () => signal.aborted
  for (let wait = firstBackoffSeconds; ; wait = Math.min(longestBackoffSeconds, 2 * wait)) {
    await clock.sleep(wait, signal)
    if (stopped()) return
    const problem = await attempt()
    if (problem === undefined || stopped()) return
    onProblem(problem)
  }
}
