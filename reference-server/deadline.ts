import type { Clock } from '../core/clock.ts'
import { RerankFailure, type RerankTerms } from '../core/rerank.ts'
import { AbandonedError } from './batch/scheduler.ts'

/**
 * Runs `work` under a signal that aborts when the caller goes or his deadline passes, and rejects at
 * once then, whatever `work` still does: with `AbandonedError`, or with a `deadline_exceeded` failure,
 * which are also the signal's reason. It aborts as well when `work` rejects, so that parts of it which
 * still wait are given up.
 */
export async function underTerms<T>(
  { signal, deadlineSeconds }: RerankTerms,
  clock: Pick<Clock, 'sleep'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const done = new AbortController()
  const gone = () => {
    ending.abort(new AbandonedError('the caller has gone'))
  }
  if (signal.aborted) gone()
  signal.addEventListener('abort', gone, { once: true })
  if (deadlineSeconds !== undefined) {
    void clock.sleep(deadlineSeconds, done.signal).then(() => {
      if (!done.signal.aborted) ending.abort(tooLate())
    })
  }
  const ended = new Promise<never>((_, reject) => {
    const end = () => {
      reject(ending.signal.reason as Error)
    }
    if (ending.signal.aborted) end()
    else ending.signal.addEventListener('abort', end, { once: true })
  })
  try {
    return await Promise.race([ended, work(ending.signal)])
  } catch (error) {
    ending.abort(error)
    throw error
  } finally {
    done.abort()
    signal.removeEventListener('abort', gone)
  }
}

function tooLate(): RerankFailure {
  return new RerankFailure('deadline_exceeded', 'The deadline of the request has passed')
}
