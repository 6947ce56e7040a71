import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { dialects } from '../core/dialects/index.ts'
import { usageError } from '../core/errors.ts'
import {
  annotateRun,
  batchForms,
  datasetFiles,
  datasets,
  defaults,
  engines,
  formatRunTable,
  modes,
  profiles,
  queryLimits,
  rateUnits,
  readApiKey,
  runLoad,
  type Run,
  type RunContext,
} from '../loadgen/index.ts'
import { defineCommand } from './command.ts'
import { printEachEngine, runEachEngine } from './each-engine.ts'
import { readProfile } from './profile-file.ts'
import { tokenizerFinder } from './find-tokenizer.ts'
import { grafanaOf, grafanaOptions } from './grafana.ts'
import { exitCodeOf, sloOf, sloOption } from './slo.ts'
import { targetOption } from './target-option.ts'

const names = (members: readonly { readonly name: string }[]) => members.map(({ name }) => name)

/** Not an engine: all of them. */
const everyEngine = 'both'

/** Not an option: an argument list can be read by everybody on the machine. */
const keyVariable = 'RERANKSCOPE_API_KEY'

export const load = defineCommand({
  usage: 'load',
  summary: 'Offer a profile to a reranker and measure what it does',
  examples: [
    ['load --target http://127.0.0.1:8080', 'the low profile, 30 s'],
    [
      'load --target http://gpu:8080 --sidecar http://gpu:9464 --profile high --seconds 120',
      'with GPU figures from the sidecar beside the reranker',
    ],
    [
      'load --target http://127.0.0.1:8080 --dataset own.jsonl --profile evening.yaml',
      'your own queries and documents, arriving as your own profile says',
    ],
    [
      'load --target http://127.0.0.1:8080 --profile traffic.jsonl',
      'traffic that `sidecar --proxy … --record traffic.jsonl` wrote down',
    ],
    ['load --target http://127.0.0.1:8080 --engine k6', 'the same plan, sent by k6'],
    ['load --target http://127.0.0.1:8080 --engine both', 'by both, and whether they agree'],
    [
      'load --target http://127.0.0.1:8080 --profile high --mode saturate --concurrency 8',
      'what it sustains with 8 requests on their way at all times',
    ],
    [
      'load --target http://127.0.0.1:8080 --slo p95=500ms,errors=0.1%',
      'exit 99 when p95 is over 500 ms or more than one request in a thousand fails',
    ],
    [
      'load --target http://127.0.0.1:8080 --otlp http://127.0.0.1:4318',
      'and its own metrics to a collector while it lasts',
    ],
  ],
  options: {
    target: targetOption,
    profile: {
      type: 'string',
      default: 'low',
      describe: `${profiles.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}; or a file: a profile of your own (.yaml) or a recording (.jsonl, .csv)`,
    },
    mode: {
      choices: modes,
      default: defaults.mode,
      describe:
        "open: by the profile's schedule, however slow the target is; saturate: --concurrency requests on their way at all times, for the throughput that the target sustains (service times only, no response times)",
    },
    concurrency: {
      type: 'number',
      describe: `Requests on their way at all times, with --mode saturate`,
      defaultDescription: String(defaults.concurrency),
    },
    engine: {
      choices: [...names(engines), everyEngine],
      default: defaults.engine,
      describe: `${engines.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}; ${everyEngine}: the plan with each in turn, into a folder each in --out, and whether they agree (exit 4 when not)`,
    },
    k6: {
      type: 'string',
      requiresArg: true,
      describe: 'The k6 program, for --engine k6',
      defaultDescription: 'k6 on PATH',
    },
    dialect: {
      choices: ['auto', ...names(dialects)],
      default: defaults.dialect,
      describe: 'Wire format; auto asks the target',
    },
    model: {
      type: 'string',
      describe: 'Model that requests name, where the dialect names one',
      defaultDescription: 'what the target says',
    },
    'api-key-file': {
      type: 'string',
      describe: `File with the target's key, alone on one line`,
      defaultDescription: keyVariable,
    },
    tokenizer: {
      type: 'string',
      describe:
        "The model's folder or tokenizer.json: lengths and truncation are then counted in its tokens; none: they are not [default: that of the target's model, where it is on this machine]",
    },
    'expect-scores': {
      type: 'string',
      describe: 'File of scores that the answers must have; an answer with others is wrong_scores',
    },
    'score-tolerance': {
      type: 'number',
      default: defaults.scoreTolerance,
      describe: 'How far a score may be from the expected one',
    },
    'write-scores': {
      type: 'string',
      describe: 'File to write with the scores of the answers, for --expect-scores of a later run',
    },
    dataset: {
      type: 'string',
      default: defaults.dataset,
      describe: `${datasets.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}; or a path: ${datasetFiles.map(({ summary }) => summary).join('; ')}`,
    },
    split: {
      type: 'string',
      describe: 'Split of a data set that has several, as dev or train',
      defaultDescription: 'dev where there is one',
    },
    queries: {
      type: 'number',
      default: defaults.queries,
      describe: `Queries taken from the data set, chosen by the seed, at most ${String(queryLimits.maximum)}`,
    },
    seconds: {
      type: 'number',
      describe: 'Length of the schedule',
      defaultDescription: "the profile's own, else 30",
    },
    'time-scale': {
      type: 'number',
      default: defaults.timeScale,
      describe: 'Stretches time: at 0.5 the same queries come in half of it',
    },
    'rate-scale': {
      type: 'number',
      default: defaults.rateScale,
      describe: 'Multiplies the rate of any profile, recordings too',
    },
    count: {
      choices: rateUnits,
      default: defaults.count,
      describe: "What the profile's rates count",
    },
    'batch-as': {
      choices: batchForms,
      default: defaults.batchForm,
      describe:
        'burst: a request a query, all at once; flattened: all queries in one request, where the dialect can',
    },
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
    slo: sloOption,
    otlp: {
      type: 'string',
      requiresArg: true,
      describe:
        'URL of an OpenTelemetry collector to push the run’s own metrics to while it lasts; without it OTEL_EXPORTER_OTLP_ENDPOINT counts',
    },
    ...grafanaOptions(
      'Grafana to mark the run in, from its start to its end, as an annotation',
      'write annotations',
    ),
    out: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the run',
      defaultDescription: 'runs/<profile>-<time>',
    },
    force: { type: 'boolean', default: false, describe: 'Overwrite the run that --out holds' },
    json: { type: 'boolean', default: false, describe: 'Print run.json instead of the table' },
  },
  async run(args, { signal, stdout, stderr, environment, version }) {
    checkNumbers(args)
    if (args.engine === everyEngine && args.mode === 'saturate') {
      throw usageError('--mode saturate is the autocannon engine’s alone: leave --engine both out.')
    }
    const grafana = grafanaOf(args['grafana-url'], args['grafana-token-file'], environment)
    const profile = await readProfile(args.profile)
    const out = args.out ?? join('runs', `${profile.name}-${timestamp(systemClock.wallSeconds())}`)
    const options = {
      ...args,
      profile,
      timeScale: args['time-scale'],
      rateScale: args['rate-scale'],
      batchForm: args['batch-as'],
      apiKey: await readApiKey(args['api-key-file'], {
        name: keyVariable,
        value: environment[keyVariable],
      }),
      expectScores: args['expect-scores'],
      scoreTolerance: args['score-tolerance'],
      writeScores: args['write-scores'],
      findTokenizer: tokenizerFinder(environment),
      timeoutSeconds: args.timeout,
      slo: sloOf(args.slo),
      out,
    }
    const runContext: RunContext = {
      ...{ signal, stderr, environment, version },
      onTrouble: (sentence) => stderr.write(`rerankscope load: ${sentence}\n`),
    }
    const annotate = async ({ summary }: Run) => {
      const trouble = grafana === undefined ? undefined : await annotateRun(summary, grafana)
      if (trouble !== undefined) stderr.write(`${trouble}\n`)
    }
    if (args.engine === everyEngine) {
      const each = await runEachEngine(options, runContext)
      for (const run of each.runs) await annotate(run)
      const { agree, sentences, runs } = each
      const told = { agree, sentences, runs: runs.map(({ summary }) => summary) }
      if (args.json) stdout.write(`${JSON.stringify(told, null, 2)}\n`)
      else printEachEngine(each, stdout)
      return each.exitCode
    }
    const run = await runLoad(options, runContext)
    await annotate(run)
    const { summary } = run
    if (args.json) stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
    else stdout.write(`${formatRunTable([run], stdout.columns)}\n\n${join(out, 'report.html')}\n`)
    return exitCodeOf([summary])
  },
})

function checkNumbers(args: {
  readonly seconds: number | undefined
  readonly timeout: number
  readonly seed: number
  readonly queries: number
  readonly 'score-tolerance': number
  readonly 'time-scale': number
  readonly 'rate-scale': number
}): void {
  for (const name of ['seconds', 'timeout'] as const) {
    if (args[name] === undefined || args[name] > 0) continue
    throw usageError(`--${name} must be a number of seconds above 0.`)
  }
  for (const name of ['time-scale', 'rate-scale'] as const) {
    if (args[name] > 0 && args[name] <= 1000) continue
    throw usageError(`--${name} must be a number above 0, at most 1000.`)
  }
  if (!Number.isInteger(args.queries) || args.queries < 1 || args.queries > queryLimits.maximum) {
    throw usageError(`--queries must be a whole number from 1 to ${String(queryLimits.maximum)}.`)
  }
  if (!(args['score-tolerance'] >= 0)) {
    throw usageError('--score-tolerance must be a number from 0.')
  }
  if (!Number.isSafeInteger(args.seed)) throw usageError('--seed must be a whole number.')
}

/** 2026-11-22T15-04-05, safe in a file name on every system. */
function timestamp(wallSeconds: number): string {
  return new Date(wallSeconds * 1000).toISOString().slice(0, 19).replaceAll(':', '-')
}
