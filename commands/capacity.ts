import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { exitCodes, usageError } from '../core/errors.ts'
import { replicasFor } from '../core/policy.ts'
import { formatCount, formatSpan } from '../core/units.ts'
import {
  capacityHead,
  capacityLine,
  capacitySentences,
  findCapacity,
  steadyRateOf,
} from '../loadgen/index.ts'
import { defineCommand } from './command.ts'
import { readPolicy } from './policy-file.ts'
import { readProfile } from './profile-file.ts'
import { sloOf } from './slo.ts'
import { targetOption } from './target-option.ts'

export const capacity = defineCommand({
  usage: 'capacity',
  summary: 'Find the highest rate at which a reranker keeps its thresholds',
  examples: [
    ['capacity --target http://127.0.0.1:8080 --slo p95=200ms', 'steps of 15 s, to within 5 %'],
    [
      'capacity --target http://127.0.0.1:8080 --slo p95=200ms,errors=0.1% --for-qps 200',
      'and the replicas that 200 queries/s take',
    ],
  ],
  options: {
    target: targetOption,
    slo: {
      type: 'string',
      array: true,
      requiresArg: true,
      default: ['p95=500ms'],
      describe: 'Thresholds that the rate must keep, as in `load`',
    },
    profile: {
      type: 'string',
      default: 'low',
      describe:
        'The shapes to offer, as in `load`; its rate, which must be a steady one, is where the search begins',
    },
    'step-seconds': { type: 'number', default: 15, describe: 'Length of a step, at most' },
    start: {
      type: 'number',
      describe: 'Queries/s of the first step',
      defaultDescription: 'the profile’s',
    },
    'maximum-rate': { type: 'number', default: 2000, describe: 'Queries/s not to go above' },
    resolution: { type: 'number', default: 5, describe: 'Percent to which the answer is found' },
    'maximum-steps': { type: 'number', default: 20, describe: 'Steps after which to stop' },
    'for-qps': { type: 'number', describe: 'Queries/s wanted: say how many replicas they take' },
    policy: { type: 'string', describe: 'YAML file whose keys replace numbers of the policy' },
    seed: { type: 'number', default: 1, describe: 'Same seed, same texts, same requests' },
    sidecar: { type: 'string', requiresArg: true, describe: 'URL of a sidecar, for GPU figures' },
    out: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of capacity.json and a run a step',
      defaultDescription: 'runs/capacity-<time>',
    },
    force: { type: 'boolean', default: false, describe: 'Overwrite what --out holds' },
    json: { type: 'boolean', default: false, describe: 'Print capacity.json instead of the table' },
  },
  async run(args, { signal, stdout, stderr }) {
    for (const name of [
      'step-seconds',
      'maximum-rate',
      'resolution',
      'start',
      'for-qps',
    ] as const) {
      const value = args[name]
      if (value !== undefined && !(value > 0)) throw usageError(`--${name} must be above 0.`)
    }
    for (const name of ['seed', 'maximum-steps'] as const) {
      if (!Number.isSafeInteger(args[name])) throw usageError(`--${name} must be a whole number.`)
    }
    const slo = sloOf(args.slo)
    const { target } = await readPolicy(args.policy)
    const profile = await readProfile(args.profile)
    const time = new Date(systemClock.wallSeconds() * 1000).toISOString().slice(0, 19)
    const print = (text: string) => (args.json ? stderr : stdout).write(`${text}\n`)
    const startRate = args.start ?? steadyRateOf(profile) ?? 1
    stderr.write(
      `searching from ${formatCount(startRate)} queries/s on, in ${String(args['maximum-steps'])} steps of ${formatSpan(args['step-seconds'])} at most\n`,
    )
    let headPrinted = false
    const found = await findCapacity(
      {
        ...{ target: args.target, profile, seed: args.seed, sidecar: args.sidecar },
        out: args.out ?? join('runs', `capacity-${time.replaceAll(':', '-')}`),
        force: args.force,
        slo,
        stepSeconds: args['step-seconds'],
        limits: {
          startRate,
          maximumRate: args['maximum-rate'],
          resolution: args.resolution / 100,
          maximumSteps: args['maximum-steps'],
        },
      },
      {
        signal,
        onStep: (step) => {
          // Only now: a target that cannot be asked has no table.
          if (!headPrinted) print(capacityHead)
          headPrinted = true
          print(capacityLine(step))
        },
      },
    )
    const wanted = args['for-qps']
    const ratio = target.utilizationRatio
    for (const sentence of capacitySentences(found, ratio, wanted)) print(sentence)
    if (args.json) {
      const replicas =
        wanted === undefined || found.queriesPerSecond === null
          ? null
          : replicasFor(wanted, found.queriesPerSecond, ratio)
      stdout.write(`${JSON.stringify({ ...found, replicas }, null, 2)}\n`)
    }
    if (!found.valid) return exitCodes.invalidRun
    return found.queriesPerSecond === null ? exitCodes.slo : exitCodes.done
  },
})
