import { identityOf, type PlanItem } from '../../plan/plan.ts'
import { keyRefused, traceparentOf, type Replay, type ReplayEnd } from '../engine.ts'
import type { Ended, Transport } from './transport.ts'

/** What both ways to send, by schedule and saturating, do with a request. */
type Sending = Omit<Replay, 'items' | 'maximumInFlight'>

export type Delivered = Extract<Ended, { sentSeconds: number }>

const warmUpTimeoutSeconds = 10

/**
 * Fills caches that are not the target's own: compiled code here and there, connections.
 *
 * @throws UserError (environment) when the target wants another key: `/info` is often open to all.
 */
export async function warm(transport: Transport, replay: Sending): Promise<ReplayEnd['warmUp']> {
  let succeeded = 0
  let requests = 0
  const giveUp = () => void transport.close()
  replay.signal.addEventListener('abort', giveUp)
  for (const group of replay.warmUp) {
    if (replay.signal.aborted) break
    const ends = await Promise.all(
      group.map((item) => transport.send(built(item, transport, replay), warmUpTimeoutSeconds)),
    )
    const statuses = ends.map(({ ending }) =>
      ending.kind === 'answered' ? ending.answer.status : undefined,
    )
    requests += ends.length
    succeeded += statuses.filter((status) => status === 200).length
    const [status] = statuses
    if (status !== undefined && statuses.every((one) => one === 401 || one === 403)) {
      replay.signal.removeEventListener('abort', giveUp)
      throw keyRefused(replay.endpoint.origin, status)
    }
  }
  replay.signal.removeEventListener('abort', giveUp)
  return { requests, succeeded }
}

/** Waits for every answer; once aborted, only `drainSeconds` longer. */
export async function drain(
  tasks: readonly Promise<void>[],
  transport: Transport,
  { clock, signal, drainSeconds }: Sending,
): Promise<void> {
  const answered = new AbortController()
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve()
        },
        { once: true, signal: answered.signal },
      )
  })
  await Promise.race([
    Promise.all(tasks),
    aborted.then(() => clock.sleep(drainSeconds, answered.signal)),
  ])
  answered.abort()
  await transport.close()
  await Promise.all(tasks)
}

export function report(
  item: PlanItem,
  { ending, sentSeconds, firstByteSeconds, doneSeconds }: Delivered,
  start: number,
  { judge, onObservation }: Sending,
): void {
  const answer = ending.kind === 'answered' ? ending.answer : undefined
  const judged =
    answer === undefined
      ? { outcome: ending.kind as Exclude<typeof ending.kind, 'answered'> }
      : judge({ ...answer, body: Buffer.concat(answer.body).toString('utf8') }, item)
  onObservation({
    ...identityOf(item),
    sentSeconds: sentSeconds - start,
    ...(firstByteSeconds !== undefined && { firstByteSeconds: firstByteSeconds - start }),
    doneSeconds: doneSeconds - start,
    ...(answer !== undefined && { status: answer.status }),
    ...judged,
  })
}

export function built(
  item: PlanItem,
  transport: Transport,
  { bodyOf, traceIdPrefix }: Sending,
): Buffer {
  const traceparent = traceparentOf(traceIdPrefix, item)
  return transport.build({ body: bodyOf(item), headers: { traceparent } })
}
