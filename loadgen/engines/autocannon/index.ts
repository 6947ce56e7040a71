import { createRequire } from 'node:module'
import { present } from '../../../core/assert.ts'
import type { PlanItem } from '../../plan/plan.ts'
import type { EngineMember, Replay, ReplayEnd } from '../engine.ts'
import { Pacer } from '../pacer.ts'
import { saturate } from './saturate.ts'
import { built, drain, report, warm, type Delivered } from './sending.ts'
import { Transport, type Ended } from './transport.ts'

const { version } = createRequire(import.meta.url)('autocannon/package.json') as { version: string }

/** Between the warm-up and the first instant: what the warm-up stirred up settles. */
const leadSeconds = 0.2
/** Open-loop needs a connection for every request that a slow target leaves waiting. */
const maximumInFlight = 1024

/**
 * autocannon's clients as transport, our own pacer as schedule. Stock autocannon sends each second's
 * requests in one burst and times them wrongly (docs/load.md); its HTTP client is sound.
 */
export const autocannonEngine: EngineMember = {
  name: 'autocannon',
  summary: 'our pacer over the connections of autocannon',
  find: () => Promise.resolve({ name: 'autocannon', version, maximumInFlight, replay, saturate }),
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

async function send(transport: Transport, replay: Replay): Promise<Omit<ReplayEnd, 'warmUp'>> {
  const { clock, items, signal } = replay
  const pacer = new Pacer(clock)
  const groups = groupsOf(items)
  const tasks: Promise<void>[] = []
  const unreported = { unsent: 0, unfinished: 0 }
  let ready: Buffer[] = []
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
    report(item, end as Delivered, start, replay)
  }

  await pacer.rehearse(start)
  const fired = await pacer.pace(
    groups.map((group) => start + (group[0]?.intendedSeconds ?? 0)),
    signal,
    {
      prepare: async (at) => {
        ready = []
        for (const item of groups[at] ?? []) {
          ready.push(built(item, transport, replay))
          await pacer.breathe()
        }
      },
      fire: (at) => {
        // Nothing between two sends: each microsecond makes all that follow late.
        const flights = ready.map((request) => transport.send(request, replay.timeoutSeconds))
        for (const [place, item] of (groups[at] ?? []).entries()) {
          const flight = present(flights[place], 'A request was not prepared.')
          tasks.push(deliver(item, flight))
          replay.onSent(item)
        }
      },
    },
  )
  await drain(tasks, transport, replay)
  for (const group of groups.slice(fired)) unreported.unsent += group.length
  return { ...unreported, delayedByLimit: transport.delayed - delayedBefore }
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
