import type { InferredOptionTypes } from 'yargs'
import { autoscaling } from '../alerts/index.ts'
import { usageError } from '../core/errors.ts'
import { loadOf, loadOptions } from './autoscale-load.ts'
import type { CommandContext } from './command.ts'
import { formatSpan } from '../core/units.ts'
import { writeOut } from './out.ts'

const { forms } = autoscaling
/** Four hours show a scale-in or two, and end before a reader's patience. */
const defaultSeconds = 4 * 3600
const longestSeconds = 31 * 86_400
/** Seconds up to a day; beyond it, coarser steps where the sync allows. */
const coarseStepSeconds = 5

export const simulationOptions = {
  ...loadOptions,
  seconds: {
    type: 'number',
    describe: 'How long to simulate; what is shorter is repeated',
    defaultDescription: 'the load’s own, or 4 h',
  },
  form: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: ['tolerance', 'deadband', 'defaults', 'average-value'],
    describe: `What to compare. ${forms.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}`,
  },
  replicas: {
    type: 'number',
    describe: 'Replicas at the beginning',
    defaultDescription: '--min-replicas',
  },
  'start-seconds': {
    type: 'number',
    default: 90,
    describe: 'From the decision to add a replica until it answers',
  },
  'sync-seconds': {
    type: 'number',
    default: 15,
    describe: 'How often Kubernetes looks (--horizontal-pod-autoscaler-sync-period)',
  },
  'signal-seconds': {
    type: 'number',
    describe: 'What the figures are means over',
    defaultDescription: 'as exported, 4 scrapes',
  },
  'delay-seconds': {
    type: 'number',
    default: 15,
    describe: 'How old the figures are when Kubernetes reads them: scrape, rule, adapter',
  },
  noise: {
    type: 'number',
    default: 0,
    describe: 'Relative standard deviation of the load from one sync to the next, such as 0.1',
  },
  seed: { type: 'number', default: 1, describe: 'Same seed, same noise' },
  outage: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe:
      'Seconds in which nothing is known, such as 3600-4200: Prometheus or nvidia-smi is down',
  },
  json: { type: 'boolean', default: false, describe: 'simulate: print JSON' },
} as const

type SimulateArguments = InferredOptionTypes<typeof simulationOptions> & {
  readonly out: string | undefined
  readonly prometheus: string | undefined
  readonly manifests: autoscaling.ManifestOptions
}

/** Prints what each form would have done with the load, and writes the page when one is asked for. */
export async function simulateLoad(
  args: SimulateArguments,
  context: CommandContext,
): Promise<void> {
  const { out, manifests } = args
  if (out !== undefined && !out.endsWith('.html')) {
    throw usageError(`--out ${out}: simulate writes a page, so name a file that ends in .html.`)
  }
  const chosen = args.form.map((name) => {
    const form = forms.find((one) => one.name === name)
    if (form !== undefined) return form
    const names = forms.map((one) => one.name).join(', ')
    throw usageError(`There is no form ${name}: --form takes ${names}.`)
  })
  checkNumbers(args)
  const recorded = await loadOf(args, manifests)
  const seconds = args.seconds ?? recorded.seconds ?? defaultSeconds
  if (args.seconds === undefined && seconds < args['sync-seconds']) {
    throw usageError(
      `The load lasts ${formatSpan(seconds)}, and Kubernetes looks every ${formatSpan(args['sync-seconds'])}: say with --seconds how long it is to be repeated.`,
    )
  }
  if (!(seconds >= args['sync-seconds'] && seconds <= longestSeconds)) {
    throw usageError(
      `--seconds must lie between --sync-seconds and ${String(longestSeconds)} (31 days), not ${String(seconds)}.`,
    )
  }
  const load = autoscaling.multiplied(autoscaling.repeated(recorded), args.times)
  const options = optionsOf(args, seconds)
  const results = chosen.map((form) => autoscaling.simulate(form, load, options))
  const notes = autoscaling.notesOf(load, results, options)
  const comparison = { load, options, results, notes }
  if (out !== undefined) await writeOut(out, autoscaling.renderHtml(comparison))
  context.stdout.write(
    args.json
      ? autoscaling.renderJson(comparison)
      : autoscaling.renderText(comparison, context.stdout.columns),
  )
}

function checkNumbers(args: SimulateArguments): void {
  for (const name of ['start-seconds', 'delay-seconds', 'noise'] as const) {
    if (!(args[name] >= 0)) throw usageError(`--${name} must not be below 0.`)
  }
  for (const name of ['sync-seconds', 'signal-seconds'] as const) {
    const value = args[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0 && value <= 3600)) {
      throw usageError(`--${name} must be a whole number of seconds, from 1 to 3600.`)
    }
  }
  if (args['delay-seconds'] > 3600) throw usageError('--delay-seconds must not be above 3600.')
  if (!(args.times > 0)) throw usageError('--times must be above 0.')
  if (!Number.isSafeInteger(args.seed)) throw usageError('--seed must be a whole number.')
  for (const name of ['gpus-per-replica', 'replicas'] as const) {
    const value = args[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw usageError(`--${name} must be a whole number above 0.`)
    }
  }
}

function optionsOf(args: SimulateArguments, seconds: number): autoscaling.SimulationOptions {
  const { manifests } = args
  const { policy, minReplicas, maxReplicas, secondMetric } = manifests
  autoscaling.checkManifestOptions(manifests)
  const replicas = args.replicas ?? minReplicas
  if (replicas < minReplicas || replicas > maxReplicas) {
    throw usageError('--replicas must lie between --min-replicas and --max-replicas.')
  }
  const syncSeconds = args['sync-seconds']
  const coarse = seconds > 86_400 && syncSeconds % coarseStepSeconds === 0
  return {
    ...{ policy, seconds, minReplicas, maxReplicas, replicas, syncSeconds },
    stepSeconds: coarse ? coarseStepSeconds : 1,
    gpusPerReplica: args['gpus-per-replica'],
    startSeconds: args['start-seconds'],
    signalSeconds: args['signal-seconds'] ?? autoscaling.signalSecondsOf(policy),
    delaySeconds: args['delay-seconds'],
    noise: args.noise,
    seed: args.seed,
    outages: (args.outage ?? []).map(outageOf),
    queue: secondMetric !== 'none',
  }
}

function outageOf(text: string) {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text) ?? []
  const [fromSeconds, toSeconds] = [Number(from), Number(to)]
  if (!(fromSeconds < toSeconds)) {
    throw usageError(`--outage ${text} must be two numbers of seconds, such as 3600-4200.`)
  }
  return { fromSeconds, toSeconds }
}
