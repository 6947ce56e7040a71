import { join } from 'node:path'
import {
  benchOf,
  benchTests,
  estimatedSeconds,
  formatMarkdown,
  pendingOf,
  visitsOf,
  type Bench,
  type Cell,
  type Constraints,
  type Matrix,
  type Visit,
} from '../comparison/index.ts'
import { systemClock } from '../core/clock.ts'
import { exitCodes, usageError, type ExitCode } from '../core/errors.ts'
import { policy } from '../core/policy.ts'
import { bytesPerGb, formatCount, formatSpan } from '../core/units.ts'
import { readApiKey } from '../loadgen/index.ts'
import { BenchFolder } from './bench/bench-folder.ts'
import { DeviceWatch } from './bench/device-watch.ts'
import { readMatrix, requireDatasets } from './bench/matrix-file.ts'
import { measureAll } from './bench/measure.ts'
import { flopsByTarget, modelsByTarget } from './bench/models.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { sloOf } from './slo.ts'

export const bench = defineCommand({
  usage: 'bench <matrix>',
  summary: 'Compare rerankers: memory, latency, throughput, steadiness, quality, in one report',
  examples: [
    [
      'bench matrix.yaml',
      'every target of the file; the same command again goes on where it stopped',
    ],
    ['bench matrix.yaml --estimate', 'what would be measured, and how long it takes'],
    [
      'bench matrix.yaml --max-memory 4 --p95 100ms --qps 20',
      'and which target meets that; exit 99 when none does',
    ],
  ],
  options: {
    out: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the comparison',
      defaultDescription: 'runs/bench-<name of the matrix>',
    },
    force: { type: 'boolean', default: false, describe: 'Measure everything anew' },
    retry: { type: 'boolean', default: false, describe: 'Measure again what failed or is INVALID' },
    estimate: {
      type: 'boolean',
      default: false,
      describe: 'Say what is left to measure and how long it takes; measure nothing',
    },
    'max-memory': { type: 'number', describe: 'GB (10^9 bytes) that a target may need' },
    p95: {
      type: 'string',
      requiresArg: true,
      describe: 'p95 that a query with 50 documents may take, as 100ms',
    },
    qps: { type: 'number', describe: 'Queries/s, of 50 documents, that are to be carried' },
    json: { type: 'boolean', default: false, describe: 'Print bench.json instead of the tables' },
  },
  async run(args, context) {
    const constraints = constraintsOf(args)
    const path = String(args.positional['matrix'])
    const matrix = readMatrix(path)
    const visits = visitsOf(matrix)
    const folder = await BenchFolder.open(
      args.out ?? join('runs', `bench-${matrix.name}`),
      args.force,
    )
    const isDone = (cell: Cell) => folder.recordOf(cell) !== undefined
    if (args.estimate) return estimate(matrix, visits, pendingOf(visits, isDone), context)
    if (args.retry || pendingOf(visits, isDone).length > 0) {
      await measured(matrix, visits, { ...args, folder }, context)
    }
    const result = await resultOf(matrix, visits, { folder, constraints }, context)
    await folder.write(result)
    const { stdout, stderr, signal } = context
    if (args.json) stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    else stdout.write(`${formatMarkdown(result)}\n${join(folder.path, 'report.html')}\n`)
    if (signal.aborted) stderr.write('Stopped; the same command goes on from here.\n')
    return exitCodeOf(result)
  },
})

function constraintsOf(args: {
  readonly 'max-memory'?: number | undefined
  readonly p95?: string | undefined
  readonly qps?: number | undefined
}): Constraints {
  for (const name of ['max-memory', 'qps'] as const) {
    const value = args[name]
    if (value !== undefined && !(value > 0)) throw usageError(`--${name} must be above 0.`)
  }
  const gigabytes = args['max-memory']
  return {
    ...(gigabytes !== undefined && { memoryBytes: gigabytes * bytesPerGb }),
    ...(args.p95 !== undefined && { p95Seconds: secondsOf(args.p95) }),
    ...(args.qps !== undefined && { queriesPerSecond: args.qps }),
  }
}

/** As a threshold of p95 says it elsewhere. */
function secondsOf(text: string): number {
  const [threshold, ...more] = /^[\d.]+(ms|s)$/.test(text) ? sloOf([`p95=${text}`]) : []
  if (threshold !== undefined && more.length === 0) return threshold.limit
  throw usageError(`--p95 ${text} is no duration: write it as 100ms or 0.5s.`)
}

function estimate(
  matrix: Matrix,
  visits: readonly Visit[],
  pending: readonly Visit[],
  { stdout }: CommandContext,
): ExitCode {
  const number = (some: readonly Visit[]) => formatCount(some.flatMap(({ cells }) => cells).length)
  const tests = new Set(visits.flatMap(({ cells }) => cells.map(({ test }) => test)))
  const lines = [
    `${formatCount(matrix.targets.length)} targets (${matrix.targets.map(({ name }) => name).join(', ')}), ${formatCount(matrix.rounds)} rounds:`,
    ...benchTests
      .filter(({ name }) => tests.has(name))
      .map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`),
    `${number(pending)} of ${number(visits)} cells are left; that takes about ${formatSpan(estimatedSeconds(pending, matrix))}.`,
  ]
  stdout.write(`${lines.join('\n')}\n`)
  return exitCodes.done
}

async function measured(
  matrix: Matrix,
  visits: readonly Visit[],
  { folder, retry }: { readonly folder: BenchFolder; readonly retry: boolean },
  context: CommandContext,
): Promise<void> {
  const { signal, stderr, environment } = context
  const clock = systemClock
  await requireDatasets(matrix)
  const apiKeys = await apiKeysOf(matrix, environment)
  const models = await modelsByTarget(matrix, join(folder.path, 'models'), context)
  const watch = await DeviceWatch.open({ clock, signal, path: environment['PATH'] ?? '' })
  try {
    await measureAll(visits, {
      ...{ matrix, folder, signal, clock, watch, apiKeys, models, retry },
      tell: (line) => stderr.write(`${line}\n`),
    })
  } finally {
    await watch?.close()
  }
}

/** All of them before anything is measured: a key that is missing must not show after an hour. */
async function apiKeysOf(
  { targets }: Matrix,
  environment: CommandContext['environment'],
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>()
  for (const { name, apiKeyFile, apiKeyEnvironment } of targets) {
    if (apiKeyFile === undefined && apiKeyEnvironment === undefined) continue
    const variable = apiKeyEnvironment ?? ''
    const key = await readApiKey(apiKeyFile, { name: variable, value: environment[variable] })
    if (key === undefined) {
      throw usageError(`The target ${name} takes its key from ${variable}, which is not set.`)
    }
    keys.set(name, key)
  }
  return keys
}

async function resultOf(
  matrix: Matrix,
  visits: readonly Visit[],
  { folder, constraints }: { readonly folder: BenchFolder; readonly constraints: Constraints },
  { version, environment }: CommandContext,
): Promise<Bench> {
  // One at a time: every request of a cell is read for its figures, and there may be hundreds of cells.
  const results = new Map<string, Awaited<ReturnType<BenchFolder['resultOf']>>>()
  for (const cell of visits.flatMap(({ cells }) => cells)) {
    results.set(cell.id, await folder.resultOf(cell))
  }
  return benchOf({
    ...{ matrix, visits, constraints, version, flopsPerToken: flopsByTarget(matrix, environment) },
    find: ({ id }) => results.get(id),
    targetRatio: policy.target.utilizationRatio,
  })
}

/** A gap comes before a constraint: what was not measured may be what would have met it. */
function exitCodeOf({ complete, cells, decision }: Bench): ExitCode {
  const doubtful = cells.some(({ state }) => state === 'failed' || state === 'invalid')
  if (!complete || doubtful) return exitCodes.invalidRun
  return decision !== null && decision.choice === null ? exitCodes.slo : exitCodes.done
}
