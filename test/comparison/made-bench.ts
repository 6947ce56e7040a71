import { benchOf } from '../../comparison/bench.ts'
import type { Bench } from '../../comparison/bench-file.ts'
import { visitsOf, type Cell } from '../../comparison/cells.ts'
import type { Constraints } from '../../comparison/decision.ts'
import type { CellRecord } from '../../comparison/journal.ts'
import { parseMatrix, type Matrix } from '../../comparison/matrix.ts'
import type { CellResult } from '../../comparison/results.ts'
import type { RunFacts } from '../../comparison/run-file.ts'

export function matrixOf(given: object): Matrix {
  const parsed = parseMatrix(given)
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
  return parsed.matrix
}

/** The four targets of the article's kind: two on a GPU, one that fails, one API. */
export const madeMatrix = matrixOf({
  name: 'made',
  rounds: 2,
  quality: { dataset: 'labelled.jsonl' },
  targets: [
    {
      name: 'v2-m3',
      serve: { twin: 'bge-reranker-v2-m3', dtype: 'fp16', device: 'cuda' },
      pricePerHour: 1.2,
    },
    {
      name: 'base',
      serve: { twin: 'bge-reranker-base', dtype: 'fp16', device: 'cuda' },
      pricePerHour: 1.2,
    },
    { name: 'dead', url: 'http://gpu:8080', article: 'm3e-reranker' },
    {
      name: 'api',
      url: 'https://api.example.com',
      dialect: 'cohere-v2',
      article: 'cohere-rerank-v2',
      pricePerThousandQueries: 2,
    },
  ],
})

/** What is made of a target: the rounds differ by `drift`. */
interface Made {
  readonly p95Seconds: number
  readonly pairsPerSecond: number
  readonly tokensPerPair: number | null
  readonly gpu: { readonly percent: number; readonly bytes: number } | null
  readonly ndcg10: number
}

const made: Readonly<Record<string, Made>> = {
  'v2-m3': {
    ...{ p95Seconds: 0.08, pairsPerSecond: 400, tokensPerPair: 200, ndcg10: 0.82 },
    gpu: { percent: 90, bytes: 2.3e9 },
  },
  // 7 × the A10G's peak: a figure that cannot be true.
  base: {
    ...{ p95Seconds: 0.04, pairsPerSecond: 12_000, tokensPerPair: 250, ndcg10: 0.42 },
    gpu: { percent: 70, bytes: 1.1e9 },
  },
  api: {
    ...{ p95Seconds: 0.12, pairsPerSecond: 500, tokensPerPair: null, ndcg10: 0.9 },
    gpu: null,
  },
}

export function madeBench(
  constraints: Constraints = {},
  { matrix = madeMatrix, emulated = false }: { matrix?: Matrix; emulated?: boolean } = {},
): Bench {
  return benchOf({
    ...{ matrix, constraints, visits: visitsOf(matrix), targetRatio: 0.7, version: '1.2.3' },
    find: (cell) => endedOf(cell, emulated),
    flopsPerToken: new Map([
      ['v2-m3', () => 6e8],
      ['base', () => 1.7e8],
    ]),
  })
}

export function endedOf(cell: Cell, emulated: boolean): Omit<CellResult, 'cell'> {
  const own = made[cell.target]
  const record = {
    schema: 'rerankscope.bench-cell/1' as const,
    ...{ id: cell.id, fingerprint: cell.fingerprint },
    startedAt: `2026-11-25T10:0${String(cell.round)}:00.000Z`,
    endedAt: `2026-11-25T10:0${String(cell.round)}:30.000Z`,
  }
  if (own === undefined) {
    const reason = 'http://gpu:8080 does not answer (ECONNREFUSED)'
    return { record: { ...record, state: 'failed', reason } }
  }
  const unseen = { state: 'not_possible' as const, reason: 'it runs elsewhere' }
  switch (cell.test) {
    case 'cold-start':
      if (own.gpu === null) return { record: { ...record, ...unseen } }
      return {
        record: {
          ...record,
          state: 'measured',
          start: { listeningSeconds: 3, firstAnswerSeconds: 3 + cell.round },
        },
      }
    case 'memory':
      if (own.gpu === null) return { record: { ...record, ...unseen } }
      return { record: { ...record, state: 'measured', memory: memoryOf(own.gpu.bytes) } }
    case 'quality':
      return { record: { ...record, state: 'measured', quality: qualityOf(own.ndcg10) } }
    case 'latency-10':
    case 'latency-50':
    case 'throughput-1':
    case 'throughput-4':
    case 'throughput-8':
    case 'stability':
    case 'low':
    case 'high': {
      const handshakeSeconds = own.gpu === null ? { handshakeSeconds: 0.04 } : {}
      return {
        record: { ...record, state: 'measured', ...handshakeSeconds },
        run: runOf(cell, own, emulated),
        utilization:
          own.gpu === null
            ? []
            : [0, 1, 2, 3].map((at) => [at, (percentOf(own) - at) / 100] as const),
      }
    }
  }
}

const percentOf = ({ gpu }: Made): number => gpu?.percent ?? 0

function memoryOf(bytes: number): NonNullable<CellRecord['memory']> {
  return {
    ...{ of: 'device', beforeBytes: 5e8, loadedBytes: 5e8 + bytes, processBytes: bytes - 1e8 },
  }
}

function qualityOf(ndcg10: number): NonNullable<CellRecord['quality']> {
  return { queries: 180, leftOut: 20, ndcg10, mrr: ndcg10 + 0.05, chanceNdcg10: 0.4 }
}

function runOf({ test, round }: Cell, own: Made, emulated: boolean): RunFacts {
  const slower = test === 'latency-10' ? 0.5 : 1
  const batch = Number(/^throughput-(\d)/.exec(test)?.[1] ?? 8)
  const pairsPerSecond = (own.pairsPerSecond * (0.5 + batch / 16)) / round
  const latency = {
    p50: own.p95Seconds * slower * 0.9,
    p95: own.p95Seconds * slower * (1 + (round - 1) / 10),
  }
  const server = own.gpu === null ? null : latency.p50 - 0.002
  const { percent = 0, bytes = 0 } = own.gpu ?? {}
  return {
    target: { server: null, model: null },
    validity: { valid: true, reasons: [] },
    totals: { requests: 200, succeeded: 200, failed: 0, byOutcome: { ok: 200 }, pairs: 10_000 },
    throughput: {
      queriesPerSecond: pairsPerSecond / 50,
      pairsPerSecond,
      tokensPerSecond: own.tokensPerPair === null ? null : pairsPerSecond * own.tokensPerPair,
    },
    saturation: {
      pairsEachSecond: {
        ...{ mean: pairsPerSecond, min: pairsPerSecond * 0.8, max: pairsPerSecond * 1.2 },
        ...{ p5: pairsPerSecond * 0.9, p95: pairsPerSecond * 1.1 },
      },
    },
    latencySeconds: { response: latency, service: latency, server: { totalSeconds: server } },
    gpu:
      own.gpu === null
        ? null
        : {
            source: emulated ? 'emulated' : 'nvidia-smi',
            devices: [
              {
                name: emulated ? 'emulated, not a GPU' : 'NVIDIA A10G',
                utilizationPercent: {
                  ...{ mean: percent, min: percent - 6, max: percent + 5 },
                  ...{ p5: percent - 4, p95: percent + 3 },
                },
                memoryUsedBytes: { mean: 5e8 + bytes, max: 5e8 + bytes * 1.2 },
                energyJoules: 9000,
              },
            ],
          },
    efficiency: { pairsPerJoule: own.gpu === null ? null : 4 },
  }
}
