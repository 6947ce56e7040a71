import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { dialects } from '../core/dialects/index.ts'
import { exitCodes, usageError, type ExitCode } from '../core/errors.ts'
import {
  datasets,
  defaults,
  engines,
  formatRunTable,
  profiles,
  runLoad,
  type SloThreshold,
  type Summary,
} from '../loadgen/index.ts'
import { defineCommand } from './command.ts'

const names = (members: readonly { readonly name: string }[]) => members.map(({ name }) => name)

export const load = defineCommand({
  usage: 'load',
  summary: 'Offer a profile to a reranker and measure what it does',
  examples: [
    ['load --target http://127.0.0.1:8080', 'the low profile, 30 s'],
    [
      'load --target http://gpu:8080 --sidecar http://gpu:9464 --profile high --seconds 120',
      'with GPU figures from the sidecar beside the reranker',
    ],
    ['load --target http://127.0.0.1:8080 --engine k6', 'the same plan, sent by k6'],
    ['load --target http://127.0.0.1:8080 --slo p95=500ms', 'exit 99 when p95 is not under 500 ms'],
  ],
  options: {
    target: {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'URL of the reranker; http://user:password@host is possible',
    },
    profile: {
      choices: names(profiles),
      default: 'low',
      describe: profiles.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    engine: {
      choices: names(engines),
      default: defaults.engine,
      describe: engines.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    k6: {
      type: 'string',
      requiresArg: true,
      describe: 'The k6 program, for --engine k6 [default: k6 on PATH]',
    },
    dialect: {
      choices: ['auto', ...names(dialects)],
      default: defaults.dialect,
      describe: 'Wire format; auto asks the target',
    },
    dataset: {
      choices: names(datasets),
      default: defaults.dataset,
      describe: datasets.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    seconds: { type: 'number', default: defaults.seconds, describe: 'Length of the schedule' },
    seed: {
      type: 'number',
      default: defaults.seed,
      describe: 'Same seed, same texts, same requests',
    },
    sidecar: { type: 'string', requiresArg: true, describe: 'URL of a sidecar, for GPU figures' },
    timeout: {
      type: 'number',
      default: defaults.timeoutSeconds,
      describe: 'Seconds after which a request without an answer is a timeout',
    },
    slo: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Threshold such as p95=500ms; missed: exit 99. May be given more than once',
    },
    out: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the run [default: runs/<profile>-<time>]',
    },
    force: { type: 'boolean', default: false, describe: 'Overwrite the run that --out holds' },
    json: { type: 'boolean', default: false, describe: 'Print run.json instead of the table' },
  },
  async run(args, { signal, stdout, stderr, environment }) {
    for (const name of ['seconds', 'timeout'] as const) {
      if (!(args[name] > 0)) throw usageError(`--${name} must be a number of seconds above 0.`)
    }
    if (!Number.isSafeInteger(args.seed)) throw usageError('--seed must be a whole number.')
    const out = args.out ?? join('runs', `${args.profile}-${timestamp(systemClock.wallSeconds())}`)
    const run = await runLoad(
      {
        ...args,
        timeoutSeconds: args.timeout,
        slo: (args.slo ?? []).map(parseSlo),
        out,
      },
      { signal, stderr, environment },
    )
    const { summary } = run
    if (args.json) stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
    else stdout.write(`${formatRunTable([run], stdout.columns)}\n\n${join(out, 'report.html')}\n`)
    return exitCodeOf(summary)
  },
})

function exitCodeOf({ validity, slo }: Summary): ExitCode {
  if (!validity.valid) return exitCodes.invalidRun
  return slo.every(({ met }) => met) ? exitCodes.done : exitCodes.slo
}

/** `p95=500ms`, `p99=1.5s`. */
function parseSlo(text: string): SloThreshold {
  const [, percentile, amount, unit] = /^(p50|p90|p95|p99)=(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  const limitSeconds = Number(amount) / (unit === 'ms' ? 1000 : 1)
  if (percentile === undefined || !(limitSeconds > 0)) {
    throw usageError(
      `--slo ${text} is not a threshold; write p50, p90, p95 or p99, = and a duration, as in p95=500ms.`,
    )
  }
  return { percentile: percentile as SloThreshold['percentile'], limitSeconds }
}

/** 2026-11-22T15-04-05, safe in a file name on every system. */
function timestamp(wallSeconds: number): string {
  return new Date(wallSeconds * 1000).toISOString().slice(0, 19).replaceAll(':', '-')
}
