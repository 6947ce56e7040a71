import { bytesPerGb } from '../core/units.ts'
import type { Cell, Visit } from './cells.ts'
import type { CellRecord } from './journal.ts'
import type { Target } from './matrix.ts'
import type { RunFacts } from './run-file.ts'
import { articleNames } from './article.ts'
import { peakTflopsOf } from './cards.ts'
import { memoryOf } from './memory.ts'
import { plausibilityOf } from './plausibility.ts'
import { reasonsOf } from './reasons.ts'
import type { Row } from './row.ts'
import { spreadOf, sumOf } from './spread.ts'
import type { TestName } from './tests.ts'

/** A look at the devices of a run: seconds since its start, and the mean utilisation. */
export type UtilizationPoint = readonly [atSeconds: number, ratio: number]

/** A cell that ended, with what its run folder says where it was a load. */
export interface CellResult {
  readonly cell: Cell
  readonly record: CellRecord
  readonly run?: RunFacts | undefined
  readonly utilization?: readonly UtilizationPoint[] | undefined
}

/** Documents of the queries that throughput is measured with, and an API is paid for. */
const documentsPerQuery = 50

/** `flopsPerToken`: of the target's model, where it is known. */
export function rowOf(
  target: Target,
  results: readonly CellResult[],
  flopsPerToken: ((tokensPerPair: number) => number) | undefined,
): Row {
  const of = (test: TestName) => results.filter(({ cell }) => cell.test === test)
  const runs = (test: TestName) => of(test).flatMap(({ run }) => run ?? [])
  const all = results.flatMap(({ run }) => run ?? [])
  const seen = all.find(({ gpu }) => gpu !== null)?.gpu
  const device = seen?.devices.map(({ name }) => name).join(', ') ?? null
  const full = throughputOf(runs('throughput-8'), 'service')
  const dtype =
    results.find(({ record }) => record.dtype !== undefined)?.record.dtype ??
    (target.serve?.dtype === 'auto' ? undefined : target.serve?.dtype) ??
    null
  const memory = memoryOf(results)
  const steadyBytes = memory.underLoadBytes?.median ?? memory.loadedBytes?.median
  const pairs = full.pairsPerSecond?.median
  const { flopsPerToken: given = 0 } = target
  return {
    target: target.name,
    article: articleOf(target) ?? null,
    model: all.find((run) => run.target.model !== null)?.target.model ?? target.model ?? null,
    ...{ dtype, device, source: seen?.source ?? null, memory },
    latency: { 10: latencyOf(runs('latency-10')), 50: latencyOf(runs('latency-50')) },
    network: networkOf(of('latency-10').length > 0 ? of('latency-10') : of('latency-50')),
    throughput: {
      1: throughputOf(runs('throughput-1'), 'service'),
      4: throughputOf(runs('throughput-4'), 'service'),
      8: full,
    },
    stability: stabilityOf(runs('stability')),
    profiles: {
      low: throughputOf(runs('low'), 'response'),
      high: throughputOf(runs('high'), 'response'),
    },
    coldStartSeconds: spreadOf(
      of('cold-start').map(({ record }) => record.start?.firstAnswerSeconds),
    ),
    joulesPerPair: spreadOf(
      runs('throughput-8').map(({ efficiency }) =>
        efficiency.pairsPerJoule === null ? null : 1 / efficiency.pairsPerJoule,
      ),
    ),
    pairsPerSecondPerGb:
      pairs === undefined || steadyBytes === undefined || steadyBytes <= 0
        ? null
        : pairs / (steadyBytes / bytesPerGb),
    costPerMillionPairs: costOf(target, pairs),
    plausibility: plausibilityOf({
      pairsPerSecond: pairs ?? null,
      tokensPerSecond: full.tokensPerSecond?.median ?? null,
      flopsPerToken: target.flopsPerToken === undefined ? flopsPerToken : () => given,
      peakTflops:
        target.peakTflops ??
        peakOf(
          seen?.devices.map(({ name }) => name),
          dtype,
        ),
    }),
    quality: {
      ndcg10: spreadOf(of('quality').map(({ record }) => record.quality?.ndcg10)),
      mrr: spreadOf(of('quality').map(({ record }) => record.quality?.mrr)),
      chanceNdcg10: spreadOf(of('quality').map(({ record }) => record.quality?.chanceNdcg10)),
      queries: of('quality').find(({ record }) => record.quality)?.record.quality?.queries ?? null,
    },
    reasons: [...reasonsOf(results)],
  }
}

/** Said in the matrix, or plain from the name of what is served. */
function articleOf({ article, serve, model = '' }: Target): string | undefined {
  const served = `${serve?.model ?? ''} ${serve?.twin ?? ''} ${model}`
  return article ?? articleNames.find((name) => served.includes(name))
}

/** Batch 1 has no queue, so service is all the time there is. */
function latencyOf(runs: readonly RunFacts[]): Row['latency'][10] {
  return {
    p50Seconds: spreadOf(runs.map(({ latencySeconds }) => latencySeconds.service.p50)),
    p95Seconds: spreadOf(runs.map(({ latencySeconds }) => latencySeconds.service.p95)),
  }
}

function throughputOf(
  runs: readonly RunFacts[],
  time: 'service' | 'response',
): Row['throughput'][8] {
  return {
    pairsPerSecond: spreadOf(runs.map(({ throughput }) => throughput.pairsPerSecond)),
    queriesPerSecond: spreadOf(runs.map(({ throughput }) => throughput.queriesPerSecond)),
    tokensPerSecond: spreadOf(runs.map(({ throughput }) => throughput.tokensPerSecond)),
    p95Seconds: spreadOf(runs.map(({ latencySeconds }) => latencySeconds[time].p95)),
  }
}

function stabilityOf(runs: readonly RunFacts[]): Row['stability'] {
  const figure = (name: 'mean' | 'min' | 'max' | 'p5' | 'p95') =>
    spreadOf(
      runs.map(({ gpu }) => meanOf(gpu?.devices.map((one) => one.utilizationPercent[name]) ?? [])),
    )
  return {
    utilizationPercent: {
      ...{ mean: figure('mean'), min: figure('min'), max: figure('max') },
      ...{ p5: figure('p5'), p95: figure('p95') },
    },
    pairsSwingRatio: spreadOf(
      runs.map(({ saturation }) => {
        const { mean = null, p5 = null, p95 = null } = saturation?.pairsEachSecond ?? {}
        return mean === null || p5 === null || p95 === null || mean === 0 ? null : (p95 - p5) / mean
      }),
    ),
  }
}

function networkOf(results: readonly CellResult[]): Row['network'] {
  const told = spreadOf(
    results.map(({ run }) => {
      const { service, server } = run?.latencySeconds ?? {}
      const [all, own] = [service?.p50 ?? null, server?.totalSeconds ?? null]
      return all === null || own === null ? null : Math.max(0, all - own)
    }),
  )
  if (told !== null) return { seconds: told, by: 'server' }
  const shaken = spreadOf(results.map(({ record }) => record.handshakeSeconds))
  return { seconds: shaken, by: shaken === null ? null : 'handshake' }
}

function costOf(
  { pricePerHour, pricePerThousandQueries }: Target,
  pairsPerSecond: number | undefined,
): number | null {
  if (pricePerThousandQueries !== undefined) {
    return (pricePerThousandQueries / 1000 / documentsPerQuery) * 1e6
  }
  if (pricePerHour === undefined || pairsPerSecond === undefined || pairsPerSecond <= 0) return null
  return (pricePerHour / 3600 / pairsPerSecond) * 1e6
}

/** Over all devices; undefined as soon as one of them is not known. */
function peakOf(devices: readonly string[] | undefined, dtype: string | null): number | undefined {
  if (devices === undefined || devices.length === 0) return undefined
  const format = /int8/.test(dtype ?? '') ? 'int8' : /16/.test(dtype ?? '') ? 'fp16' : 'fp32'
  const peaks = devices.map((name) => peakTflopsOf(name, format) ?? null)
  return sumOf(peaks) ?? undefined
}

function meanOf(values: readonly (number | null)[]): number | null {
  const sum = sumOf(values)
  return sum === null ? null : sum / values.length
}

/** The cells of a target, in the order of measuring, that have ended. */
export function resultsOf(
  visits: readonly Visit[],
  target: string,
  find: (cell: Cell) => Omit<CellResult, 'cell'> | undefined,
): readonly CellResult[] {
  return visits
    .filter((visit) => visit.target.name === target)
    .flatMap(({ cells }) => cells)
    .flatMap((cell) => {
      const found = find(cell)
      return found === undefined ? [] : [{ cell, ...found }]
    })
}
