import { pairsOf, type Observation } from '../../core/observation.ts'
import type { Summary } from './run-file.ts'

/**
 * What a GPU's utilisation says is a mean over up to a second before the look, and a target that was
 * idle needs a moment to be as busy as it will be: that much of the beginning belongs to the warm-up.
 */
const settleSeconds = 1
/** A short run keeps most of itself all the same. */
const settleShare = 0.1

export type Window = Readonly<Pick<NonNullable<Summary['steady']>, 'startSeconds' | 'endSeconds'>>

interface Schedule {
  readonly seconds: number
  readonly periodSeconds: number
  /** Requests of the plan that were never sent: the schedule ended with the last one that was. */
  readonly unsent: number
}

/**
 * The part of a run in which the target was offered the load and nothing else: after the warm-up and
 * the first moment, before the drain, which begins where the schedule ends. In seconds since the
 * first intended instant; the one definition that every figure "of the steady window" uses.
 */
export function steadyWindowOf(
  observations: readonly Observation[],
  { seconds, periodSeconds, unsent }: Schedule,
): Window {
  const last = observations.reduce((latest, one) => Math.max(latest, one.intendedSeconds), 0)
  const endSeconds = unsent === 0 ? seconds : Math.min(seconds, last + periodSeconds)
  return { startSeconds: Math.min(settleSeconds, settleShare * endSeconds), endSeconds }
}

/** What was answered with success in it. */
export function steadyOf(
  observations: readonly Observation[],
  window: Window,
): NonNullable<Summary['steady']> {
  const { startSeconds, endSeconds } = window
  const answered = observations.filter(
    ({ outcome, doneSeconds }) =>
      outcome === 'ok' && doneSeconds >= startSeconds && doneSeconds <= endSeconds,
  )
  const pairs = answered.reduce((sum, one) => sum + pairsOf(one), 0)
  const span = endSeconds - startSeconds
  return {
    ...window,
    requests: answered.length,
    pairs,
    pairsPerSecond: span > 0 ? pairs / span : 0,
  }
}
