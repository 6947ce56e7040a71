import type { InferredOptionTypes } from 'yargs'
import { autoscaling } from '../alerts/index.ts'
import { systemClock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import { metrics } from '../core/metrics.ts'
import { aggregate, growth } from '../core/promql.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { offeredRateOf, readRun, type Run } from '../loadgen/index.ts'
import { readProfile } from './profile-file.ts'

export const loadOptions = {
  load: {
    type: 'string',
    requiresArg: true,
    describe: `simulate: a made load, in replicas kept wholly busy: ${autoscaling.loadGrammar}`,
    defaultDescription: 'sine:0.2..3@3600',
  },
  run: {
    type: 'string',
    requiresArg: true,
    describe:
      'simulate: a run folder, whose GPU figures are the load; with --replica-qps its queries',
  },
  profile: {
    type: 'string',
    requiresArg: true,
    describe: 'simulate: a profile of `load` (low, high, FILE); needs --replica-qps',
  },
  'replica-qps': {
    type: 'number',
    describe:
      'With --profile or --run: queries/s that keep one replica wholly busy, as `capacity` finds them',
  },
  query: {
    type: 'string',
    requiresArg: true,
    describe: 'With --prometheus: PromQL for the GPUs kept wholly busy',
    defaultDescription: 'the rate of busy seconds of --job',
  },
  from: {
    type: 'string',
    default: '24h',
    describe: 'With --prometheus: a time (ISO 8601, Unix seconds), or how long ago (90m, 24h, 7d)',
  },
  to: { type: 'string', default: 'now', describe: 'With --prometheus: the same, or now' },
  'gpus-per-replica': { type: 'number', default: 1, describe: 'GPUs that a replica holds' },
  times: { type: 'number', default: 1, describe: 'What if the load were so many times as much' },
} as const

type LoadArguments = InferredOptionTypes<typeof loadOptions> & {
  readonly prometheus: string | undefined
  readonly seconds: number | undefined
}
type Load = autoscaling.Load

const sources = ['load', 'run', 'profile', 'prometheus'] as const

/** @throws UserError for a load that cannot be had, and where more than one is named. */
export async function loadOf(
  args: LoadArguments,
  manifests: autoscaling.ManifestOptions,
): Promise<Load> {
  const named = sources.filter((name) => args[name] !== undefined)
  if (named.length > 1) {
    const options = named.map((name) => `--${name}`).join(' and ')
    throw usageError(`${options} each name a load: give one of them.`)
  }
  const capacity = args['replica-qps']
  if (capacity !== undefined && !(capacity > 0)) throw usageError('--replica-qps must be above 0.')
  if (args.run !== undefined) {
    const run = await readRun(args.run)
    return capacity === undefined ? recordedLoad(run, args) : queriedLoad(run, capacity)
  }
  if (args.profile !== undefined) return profileLoad(args.profile, args)
  if (args.prometheus !== undefined) return prometheusLoad(args.prometheus, args, manifests)
  return autoscaling.parseLoad(args.load ?? 'sine:0.2..3@3600')
}

/** Busy GPU time between two looks at the sidecar over the time between them. */
function recordedLoad({ folder, telemetry }: Run, args: LoadArguments): Load {
  const busySeconds = (sample: (typeof telemetry)[number]) =>
    sample.devices.reduce((sum, device) => sum + device.busySeconds, 0)
  const fresh = telemetry.filter(
    ({ atSeconds, takenAtSeconds, devices }, at) =>
      atSeconds >= 0 && devices.length > 0 && takenAtSeconds !== telemetry[at - 1]?.takenAtSeconds,
  )
  const points = fresh.slice(0, -1).flatMap((sample, at) => {
    const next = fresh[at + 1]
    if (next === undefined) return []
    const span = next.takenAtSeconds - sample.takenAtSeconds
    const grown = busySeconds(next) - busySeconds(sample)
    // A counter that fell was counted anew: the sidecar restarted.
    const known = span > 0 && grown >= 0
    const gpus = known ? grown / span : undefined
    return [{ atSeconds: sample.atSeconds, gpus, devices: sample.devices.length }]
  })
  const [first] = points
  const end = fresh.at(-1)?.atSeconds
  if (first === undefined || end === undefined) {
    throw usageError(
      `${folder} holds no GPU figures: run \`load\` with --sidecar, or say with --replica-qps what a replica sustains.`,
    )
  }
  const start = first.atSeconds
  return {
    ...autoscaling.stepwise(
      `recorded in ${folder}`,
      end - start,
      points.map(({ atSeconds, gpus }) => ({
        atSeconds: atSeconds - start,
        demand: gpus === undefined ? undefined : gpus / args['gpus-per-replica'],
      })),
    ),
    saturated: points.some(({ gpus, devices }) => (gpus ?? 0) > autoscaling.fullRatio * devices),
  }
}

/** What a run asked for, answered or not: also what its GPUs were too full for. */
function queriedLoad({ folder, observations, summary }: Run, capacity: number): Load {
  const seconds = summary.profile.seconds
  const counts = Array.from({ length: Math.max(1, Math.ceil(seconds)) }, () => 0)
  for (const { intendedSeconds } of observations) {
    const at = Math.min(counts.length - 1, Math.max(0, Math.floor(intendedSeconds)))
    counts[at] = (counts[at] ?? 0) + 1
  }
  return autoscaling.stepwise(
    `asked in ${folder}, at ${String(capacity)} queries/s a replica`,
    seconds,
    counts.map((queries, atSeconds) => ({ atSeconds, demand: queries / capacity })),
  )
}

async function profileLoad(name: string, args: LoadArguments): Promise<Load> {
  const capacity = args['replica-qps']
  if (capacity === undefined) {
    throw usageError(
      '--profile needs --replica-qps, the queries/s that keep one replica wholly busy: `rerankscope capacity` finds them.',
    )
  }
  const profile = await readProfile(name)
  // A schedule without an end of its own is as long as the simulation.
  const offered = offeredRateOf(profile, args.seconds)
  return {
    name: `profile ${profile.name} at ${String(capacity)} queries/s a replica`,
    seconds: offered.seconds,
    at: (at) => offered.at(at) / capacity,
  }
}

async function prometheusLoad(
  address: string,
  args: LoadArguments,
  { policy, namespace, job }: autoscaling.ManifestOptions,
): Promise<Load> {
  const now = systemClock.wallSeconds()
  const [fromSeconds, toSeconds] = [
    instantOf('from', args.from, now),
    instantOf('to', args.to, now),
  ]
  if (fromSeconds >= toSeconds) throw usageError('--from must be before --to.')
  const window = autoscaling.signalSecondsOf(policy)
  const busy = growth('rate', metrics.gpuBusySeconds, window, { namespace, job })
  return autoscaling.prometheusLoad({
    server: parseTargetUrl(address, '--prometheus'),
    query: args.query ?? aggregate('sum', [], busy).text,
    ...{ fromSeconds, toSeconds },
    gpusPerReplica: args['gpus-per-replica'],
  })
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Unix seconds, whole ones. */
function instantOf(option: string, text: string, now: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text)
  const seconds =
    text === 'now'
      ? now
      : ago !== null
        ? now - Number(ago[1]) * (unitSeconds[ago[2] ?? ''] ?? 1)
        : /^\d+$/.test(text)
          ? Number(text)
          : Date.parse(text) / 1000
  if (Number.isFinite(seconds)) return Math.floor(seconds)
  throw usageError(
    `--${option} ${text} is no time: say 2026-11-01T08:00:00Z, Unix seconds, 24h (ago) or now.`,
  )
}
