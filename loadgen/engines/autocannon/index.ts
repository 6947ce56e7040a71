import { createRequire } from 'node:module'
import { present } from '../../../core/assert.ts'
import { identityOf, type PlanItem } from '../../plan/plan.ts'
import { traceparentOf, type EngineMember, type Replay, type ReplayEnd } from '../engine.ts'
import { Pacer } from '../pacer.ts'
import { Transport, type Ended } from './transport.ts'

const { version } = createRequire(import.meta.url)('autocannon/package.json') as { version: string }

/** Between the warm-up and the first instant: what the warm-up stirred up settles. */
const leadSeconds = 0.2
const warmUpTimeoutSeconds = 10
/** Open-loop needs a connection for every request that a slow target leaves waiting. */
const maximumInFlight = 1024

/**
 * autocannon's clients as transport, our own pacer as schedule. Stock autocannon sends each second's
 * requests in one burst and times them wrongly (docs/load.md); its HTTP client is sound.
 */
export const autocannonEngine: EngineMember = {
  name: 'autocannon',
  summary: 'our pacer over the connections of autocannon',
  find: () => Promise.resolve({ name: 'autocannon', version, maximumInFlight, replay }),
}

async function replay(replay: Replay): Promise<ReplayEnd> {
  const transport = new Transport(replay.endpoint, replay.maximumInFlight, replay.clock)
  try {
    const warmUp = await warm(transport, replay)
    return { ...(await send(transport, replay)), warmUp }
  } finally {
    await transport.close()
  }
}

/** Fills caches that are not the target's own: compiled code here and there, connections. */
async function warm(transport: Transport, replay: Replay): Promise<ReplayEnd['warmUp']> {
  let succeeded = 0
  let requests = 0
  const giveUp = () => void transport.close()
  replay.signal.addEventListener('abort', giveUp)
  for (const group of replay.warmUp) {
    if (replay.signal.aborted) break
    const ends = await Promise.all(
      group.map((item) => transport.send(built(item, transport, replay), warmUpTimeoutSeconds)),
    )
    requests += ends.length
    succeeded += ends.filter(
      ({ ending }) => ending.kind === 'answered' && ending.answer.status === 200,
    ).length
  }
  replay.signal.removeEventListener('abort', giveUp)
  return { requests, succeeded }
}

async function send(transport: Transport, replay: Replay): Promise<Omit<ReplayEnd, 'warmUp'>> {
  const { clock, items, signal } = replay
  const pacer = new Pacer(clock)
  const groups = groupsOf(items)
  const tasks: Promise<void>[] = []
  const unreported = { unsent: 0, unfinished: 0 }
  const ready = new Map<PlanItem, Buffer>()
  const delayedBefore = transport.delayed
  const start = clock.monotonicSeconds() + leadSeconds
  replay.onStart(start)

  const deliver = async (item: PlanItem, ended: Promise<Ended>) => {
    const end = await ended
    if (end.ending.kind === 'unsent' || end.ending.kind === 'unfinished') {
      unreported[end.ending.kind] += 1
      return
    }
    await new Promise<void>((resolve) => {
      pacer.whenIdle(resolve)
    })
    report(
      item,
      end as Exclude<Ended, { ending: { kind: 'unsent' | 'unfinished' } }>,
      start,
      replay,
    )
  }

  await pacer.rehearse(start)
  const fired = await pacer.pace(
    groups.map((group) => start + (group[0]?.intendedSeconds ?? 0)),
    signal,
    {
      prepare: async (at) => {
        ready.clear()
        for (const item of groups[at] ?? []) {
          ready.set(item, built(item, transport, replay))
          await pacer.breathe()
        }
      },
      fire: (at) => {
        for (const item of groups[at] ?? []) {
          const request = present(ready.get(item), 'A request was not prepared.')
          tasks.push(deliver(item, transport.send(request, replay.timeoutSeconds)))
        }
        for (const item of groups[at] ?? []) replay.onSent(item)
      },
    },
  )
  await drain(tasks, transport, replay)
  for (const group of groups.slice(fired)) unreported.unsent += group.length
  return { ...unreported, delayedByLimit: transport.delayed - delayedBefore }
}

/** Waits for every answer; once aborted, only `drainSeconds` longer. */
async function drain(
  tasks: readonly Promise<void>[],
  transport: Transport,
  { clock, signal, drainSeconds }: Replay,
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

function report(
  item: PlanItem,
  { ending, sentSeconds, firstByteSeconds, doneSeconds }: Extract<Ended, { sentSeconds: number }>,
  start: number,
  { judge, onObservation }: Replay,
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

function built(item: PlanItem, transport: Transport, { bodyOf, traceIdPrefix }: Replay): Buffer {
  const traceparent = traceparentOf(traceIdPrefix, item)
  return transport.build({ body: bodyOf(item), headers: { traceparent } })
}

/** Items that are due at the same instant. */
function groupsOf(items: readonly PlanItem[]): readonly (readonly PlanItem[])[] {
  const groups: PlanItem[][] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (last?.[0]?.intendedSeconds === item.intendedSeconds) last.push(item)
    else groups.push([item])
  }
  return groups
}
