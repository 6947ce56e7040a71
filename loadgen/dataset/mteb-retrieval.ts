import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import type { FileSource } from './dataset.ts'
import { Judgements, requireTexts, sampledQueries } from './judged.ts'
import { forEachParquetRow, isParquet, type Columns } from './parquet.ts'
import { filesOf, partOf, requiredPart, type Part } from './parts.ts'
import { forEachJsonLine, rowOf } from './rows.ts'

/** Scores are grades, of which MTEB counts all above 0 as relevant. */
const relevantGrade = 1

/** Some files number what others name. */
const id = z.union([z.string().min(1), z.number(), z.bigint()]).transform(String)
const text = z
  .object({ _id: id.optional(), id: id.optional(), title: z.string().nullish(), text: z.string() })
  .refine((row) => (row._id ?? row.id) !== undefined, { path: ['_id'], message: 'is missing' })
  .transform((row) => ({
    id: row._id ?? row.id ?? '',
    // As MTEB gives a document to a model.
    text: row.title ? `${row.title} ${row.text}` : row.text,
  }))
const judgement = z
  .object({
    'query-id': id,
    'corpus-id': id,
    score: z
      .union([z.number(), z.bigint()])
      .transform(Number)
      .refine((score) => Number.isInteger(score) && Math.abs(score) <= 100, {
        message: 'expected a whole number, at most 100',
      }),
  })
  .transform((row) => ({ query: row['query-id'], document: row['corpus-id'], score: row.score }))
const ranking = z
  .object({ 'query-id': id, 'corpus-ids': z.union([z.array(id), id.transform((one) => [one])]) })
  .transform((row) => ({ query: row['query-id'], documents: row['corpus-ids'] }))

const textColumns: Columns = { required: ['text'], optional: ['_id', 'id', 'title'] }
const judgementColumns: Columns = { required: ['query-id', 'corpus-id', 'score'] }
const rankingColumns: Columns = { required: ['query-id', 'corpus-ids'] }

/**
 * A reranking task as MTEB's second version has it: ids in `qrels` and `top_ranked`, their texts in
 * `corpus` and `queries`, each of the four a folder or a file. Each file is read from end to end and
 * only what the sample needs is kept.
 */
export const mtebRetrieval: FileSource = {
  name: 'mteb-retrieval',
  summary: 'a folder with MTEB’s corpus, queries, qrels and top_ranked, as parquet or JSON lines',
  recognises: async (path) => (await partOf(path, 'corpus')) !== undefined,
  splits: async (path) => (await requiredPart(path, 'qrels')).splits,
  async load(path, request) {
    const { split } = request
    const files = async (part: Part) => filesOf(await requiredPart(path, part), split)
    const qrels = await files('qrels')
    const ranked = await partOf(path, 'top_ranked')
    const rankings = ranked && filesOf(ranked, split)
    const pairs = (use: UsePair) =>
      rankings === undefined ? forEachJudgement(qrels, use) : forEachRanked(rankings, use)
    const source = join(path, rankings === undefined ? 'qrels' : 'top_ranked')
    const judged = new Judgements(await sampledQueries(source, pairs, request))
    await pairs((query, document, grade) => {
      judged.add(query, document, grade)
    })
    if (rankings !== undefined) {
      await forEachJudgement(qrels, (query, document, grade) => {
        judged.grade(query, document, grade)
      })
    }
    const textsOf = async (part: 'queries' | 'corpus', wanted: ReadonlySet<string>) => {
      const texts = await readTexts(await files(part), wanted)
      const field = part === 'queries' ? 'query' : 'document'
      requireTexts(join(path, part), texts, wanted, { field, namedBy: basename(source) })
      return texts
    }
    const queries = await textsOf('queries', judged.queries)
    const documents = await textsOf('corpus', judged.documents)
    const name = basename(resolve(path))
    const named = split === undefined ? name : `${name} ${split}`
    return judged.dataset(named, relevantGrade, queries, documents)
  },
}

type UsePair = (query: string, document: string, grade: number) => void

async function forEachRow<T>(
  file: string,
  schema: z.ZodType<T>,
  columns: Columns,
  /** Stops when it returns false. */
  use: (row: T) => unknown,
): Promise<void> {
  const isTable = isParquet(file)
  const onRow = (value: unknown, at: number) =>
    use(rowOf(schema, value, `${file}, ${isTable ? 'row' : 'line'} ${String(at)}`))
  await (isTable ? forEachParquetRow(file, columns, onRow) : forEachJsonLine(file, onRow))
}

async function forEachJudgement(files: readonly string[], use: UsePair): Promise<void> {
  for (const file of files) {
    await forEachRow(file, judgement, judgementColumns, ({ query, document, score }) => {
      use(query, document, Math.max(0, score))
    })
  }
}

async function forEachRanked(files: readonly string[], use: UsePair): Promise<void> {
  for (const file of files) {
    await forEachRow(file, ranking, rankingColumns, ({ query, documents }) => {
      for (const document of documents) use(query, document, 0)
    })
  }
}

/** The texts of `wanted`, by id. */
async function readTexts(
  files: readonly string[],
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  for (const file of files) {
    // Nothing further down is needed when all are found.
    if (texts.size === wanted.size) break
    await forEachRow(file, text, textColumns, (row) => {
      if (wanted.has(row.id)) texts.set(row.id, row.text)
      return texts.size < wanted.size
    })
  }
  return texts
}
