import { openSession, score } from '../../reference-server/infer/session.ts'
import { pad } from '../../reference-server/infer/padding.ts'
import { watchGpu, type GpuFigures } from './sampler.ts'
import { batchOf, lengthsOf, runsOf, type Workload } from './workload.ts'

export interface MeasureOptions {
  readonly graph: string
  readonly device: 'cuda' | 'cpu'
  readonly vocabularySize: number
  readonly paddingId: number
  readonly documentType: number
  readonly workloads: readonly Workload[]
  /** How long each workload is repeated, at least. */
  readonly seconds: number
}

export interface Row extends Workload, GpuFigures {
  readonly pairsPerSecond: number
  readonly tokensPerSecond: number
  readonly p95Seconds: number
  readonly rounds: number
}

export interface Measured {
  readonly device: string
  readonly rows: readonly Row[]
  /** Logits of the workloads with one query, in their order: to compare graphs with. */
  readonly logits: readonly number[]
}

const leastRounds = 5

/** Opens one graph and measures every workload on it; meant for a process of its own. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { session, device } = await openSession({
    graph: { path: options.graph },
    device: { kind: options.device },
    threads: 2,
    paddingId: options.paddingId,
    documentType: options.documentType,
  })
  const rows: Row[] = []
  const logits: number[] = []
  for (const workload of options.workloads) {
    const lengths = lengthsOf(workload)
    const runs = runsOf(lengths).map((run, at) =>
      pad(batchOf(run, options.vocabularySize, at + 1), options.paddingId, options.documentType),
    )
    const round = async () => {
      const scored: number[] = []
      for (const run of runs) scored.push(...(await score(session, run)))
      return scored
    }
    // The first rounds allocate memory and choose kernels.
    const first = await round()
    await round()
    if (workload.queries === 1) logits.push(...first)
    const watch = watchGpu()
    const took: number[] = []
    const started = performance.now()
    while (took.length < leastRounds || performance.now() - started < options.seconds * 1000) {
      const from = performance.now()
      await round()
      took.push((performance.now() - from) / 1000)
    }
    const total = took.reduce((sum, one) => sum + one, 0)
    const tokens = lengths.reduce((sum, length) => sum + length, 0)
    took.sort((a, b) => a - b)
    rows.push({
      ...workload,
      ...(await watch.stop()),
      pairsPerSecond: (lengths.length * took.length) / total,
      tokensPerSecond: (tokens * took.length) / total,
      p95Seconds: took[Math.ceil(0.95 * took.length) - 1] ?? NaN,
      rounds: took.length,
    })
  }
  return { device, rows, logits }
}
