import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { qualityOf, type Judged } from '../../comparison/index.ts'
import { loadDataset, Random } from '../../loadgen/index.ts'
import type { CellContext, Outcome } from './cell.ts'

/** Asked at once: quality is no question of speed. */
const atOnce = 4
const fileName = 'quality.ndjson'

type LabelledSet = Awaited<ReturnType<typeof loadDataset>>
type LabelledQuery = LabelledSet['queries'][number]

/**
 * Asks the queries of the labelled set, candidates in a seeded order, and keeps what each answer was
 * worth: a line a query, from which the figures can be computed again.
 *
 * @throws UserError when the set cannot be read or the target does not answer.
 */
export async function measureQuality(context: CellContext): Promise<Outcome> {
  const { matrix, open, folder, signal } = context
  if (matrix.quality === undefined) return { state: 'not_possible', reason: 'no labelled set' }
  const { seed, quality } = matrix
  const set = await loadDataset(quality.dataset, { seed, queries: quality.queries })
  const limit = open.reranker.info?.maximumDocuments ?? Infinity
  const judged: Judged[] = []
  const left = [...set.queries.entries()]
  const worker = async () => {
    for (let next = left.shift(); next !== undefined && !signal.aborted; next = left.shift()) {
      const [at, query] = next
      try {
        judged[at] = await judge(set, query, { context, at, limit })
      } catch (error) {
        // The others would go on asking while the next target is measured.
        left.length = 0
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const lines = judged.map((one) => `${JSON.stringify(one)}\n`).join('')
  await writeFile(join(folder, fileName), lines)
  const facts = qualityOf(await readJudged(folder))
  if (facts !== undefined) return { state: 'measured', quality: facts }
  const reason = `${set.name} has no query with relevant candidates and with others`
  return { state: 'not_possible', reason }
}

async function judge(
  set: LabelledSet,
  query: LabelledQuery,
  {
    context,
    at,
    limit,
  }: { readonly context: CellContext; readonly at: number; readonly limit: number },
): Promise<Judged> {
  const { seed } = context.matrix
  const gains = gainsOf(query)
  // Candidates stand with the relevant ones first, so those stay where a server takes few.
  const positions = query.candidates.map((_, place) => place).slice(0, limit)
  const order = new Random(seed, `quality/${String(at)}`).shuffled(positions)
  const ranking = await context.open.reranker.ask({
    query: set.textOf(query.text),
    documents: order.map((place) => set.textOf(query.candidates[place] ?? 0)),
  })
  const gainAt = (place: number | undefined) => gains[place ?? -1] ?? 0
  return {
    answered: ranking.map(({ index }) => gainAt(order[index])),
    sent: order.map(gainAt),
    relevantGain: gains[query.relevant - 1] ?? Number.MAX_SAFE_INTEGER,
  }
}

/** 2^grade − 1; where there are no grades, 1 for what is relevant. */
function gainsOf({ candidates, relevant, grades }: LabelledQuery): readonly number[] {
  if (grades !== undefined) return grades.map((grade) => 2 ** grade - 1)
  return candidates.map((_, place) => (place < relevant ? 1 : 0))
}

async function readJudged(folder: string): Promise<readonly Judged[]> {
  const text = await readFile(join(folder, fileName), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Judged)
}
