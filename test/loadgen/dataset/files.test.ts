import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer, type SchemaElement } from 'hyparquet-writer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exitCodes } from '../../../core/errors.ts'
import type { Dataset } from '../../../loadgen/dataset/dataset.ts'
import { datasetFiles, loadDataset } from '../../../loadgen/dataset/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-dataset-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

type Files = Readonly<Record<string, string | Uint8Array>>
/** Writes the files and names the first of them, or the folder when there are several. */
function written(files: Files): string {
  const names = Object.keys(files)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return names.length === 1 ? join(folder, names[0]!) : folder
}
const load = (files: Files, queries = 500, seed = 1) =>
  loadDataset(written(files), { seed, queries })
const readable = (dataset: Dataset) =>
  dataset.queries.map(({ text, candidates, relevant }) => ({
    query: dataset.textOf(text),
    candidates: candidates.map((at) => dataset.textOf(at)),
    relevant,
  }))

const two = [
  { query: '天气怎么样', candidates: ['晴天', '下雨', '苹果'], relevant: 2 },
  { query: 'cost of tea', candidates: ['苹果', 'tea is cheap'], relevant: 0 },
]
const collection =
  'pid\tpassage\n10\t下雨\n11\t"晴天"\n12\t苹果\n13\tnever named\n14\ttea is cheap\n'.replaceAll(
    '"',
    '',
  )
const thuir: Files = {
  'collection.tsv': collection,
  'queries.dev.tsv': 'qid\tquery\n1\t天气怎么样\n2\tcost of tea\n3\tnever judged\n',
  'qrels.dev.tsv':
    'qid\t-\tpid\trel\n1\t0\t12\t1\n1\t0\t11\t3\n2\t0\t12\t0\n1\t0\t10\t2\n2\t0\t14\t0\n',
}
const mtebRows = two.map(({ query, candidates, relevant }) => ({
  query,
  positive: candidates.slice(0, relevant),
  negative: candidates.slice(relevant),
}))
const linesOf = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
/** A row a row group; a column of lists as Arrow writes it, three levels deep. */
function parquetOf(rows: readonly Record<string, unknown>[]): Uint8Array {
  const names = Object.keys(rows[0]!)
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
  const elements = names.flatMap((name): SchemaElement[] =>
    Array.isArray(rows[0]![name])
      ? [
          { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
          { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
          { name: 'element', repetition_type: 'OPTIONAL', ...text },
        ]
      : [{ name, repetition_type: 'REQUIRED', ...text }],
  )
  return new Uint8Array(
    parquetWriteBuffer({
      rowGroupSize: 1,
      schema: [{ name: 'root', num_children: names.length }, ...elements],
      columnData: names.map((name) => ({ name, data: rows.map((row) => row[name]) })),
    }),
  )
}

describe.each<readonly [string, Files]>([
  ['thuir', thuir],
  [
    'thuir',
    Object.fromEntries(Object.entries(thuir).map(([name, text]) => [`data/${name}`, text])),
  ],
  ['mteb-parquet', { 'dev.parquet': parquetOf(mtebRows) }],
  ['mteb-jsonl', { 'dev.jsonl': linesOf(mtebRows) }],
  [
    'jsonl',
    {
      'own.ndjson': `\uFEFF${linesOf([
        { query: '天气怎么样', documents: ['晴天', '苹果', '下雨'], relevant: [2, 0] },
        { query: 'cost of tea', documents: ['苹果', 'tea is cheap'] },
      ])}`.replaceAll('\n', '\r\n'),
    },
  ],
])('%s', (name, files) => {
  test('is recognised', async () => {
    const path = written(files)
    const source = datasetFiles.find((candidate) => candidate.name === name)
    expect(await source?.recognises(path)).toBe(true)
  })

  test('gives queries with their candidates, the relevant ones first, no text twice', async () => {
    const dataset = await load(files)
    expect(readable(dataset)).toEqual(two)
    expect(dataset.size).toBe(6)
  })
})

test('every kind of file is tested here', () => {
  expect(datasetFiles.map(({ name }) => name)).toEqual([
    'thuir',
    'mteb-parquet',
    'mteb-jsonl',
    'jsonl',
  ])
})

test('a sample is the same for a seed, another for another, in the order of the file', async () => {
  const rows = Array.from({ length: 300 }, (_, at) => ({
    query: `q${String(at)}`,
    documents: ['d'],
  }))
  const files = { 'many.jsonl': linesOf(rows) }
  const numbersOf = (dataset: Dataset) =>
    readable(dataset).map(({ query }) => Number(query.slice(1)))
  const first = numbersOf(await load(files, 50))
  expect(first).toHaveLength(50)
  expect(first).toEqual([...first].sort((a, b) => a - b))
  expect(numbersOf(await load(files, 50))).toEqual(first)
  expect(numbersOf(await load(files, 50, 2))).not.toEqual(first)
  // From everywhere in the file: of 50 drawn from 300, 8.3 fall into each sixth.
  for (let sixth = 0; sixth < 6; sixth += 1) {
    const drawn = first.filter((at) => Math.floor(at / 50) === sixth).length
    expect(drawn).toBeGreaterThan(1)
    expect(drawn).toBeLessThan(20)
  }
})

test('candidates beyond 1,000 of one query are dropped and counted', async () => {
  const documents = Array.from({ length: 1200 }, (_, at) => `d${String(at)}`)
  const dataset = await load({ 'wide.jsonl': linesOf([{ query: 'q', documents }]) })
  expect(dataset.queries[0]!.candidates).toHaveLength(1000)
  expect(dataset.droppedCandidates).toBe(200)
  const qrels = documents.map((_, at) => `1\t0\t${String(at)}\t0\n`).join('')
  const passages = documents.map((text, at) => `${String(at)}\t${text}\n`).join('')
  const judged = await load({
    'collection.tsv': passages,
    'queries.train.tsv': '1\tq\n',
    'qrels.train.tsv': qrels,
  })
  expect(judged.queries[0]!.candidates).toHaveLength(1000)
  expect(judged.droppedCandidates).toBe(200)
})

const secret = 'words of a document'
describe('malformed input gets one clear error, with its place and without its text', () => {
  test.each<readonly [string, Files, string | RegExp]>([
    ['no line', { 'a.jsonl': '' }, 'DIR/a.jsonl: holds no query.'],
    [
      'no JSON',
      { 'a.jsonl': `{"query": "q", "documents": ["d"]}\n{"${secret}` },
      'DIR/a.jsonl, line 2: is no JSON.',
    ],
    ['no query', { 'a.jsonl': `{"documents": ["${secret}"]}` }, /^DIR\/a\.jsonl, line 1: query: /],
    ['an empty query', { 'a.jsonl': '{"query": "", "documents": ["d"]}' }, /line 1: query: /],
    ['no documents', { 'a.jsonl': '{"query": "q", "documents": []}' }, /line 1: documents: /],
    [
      'a number for a text',
      { 'a.jsonl': '{"query": "q", "documents": ["d", 5]}' },
      /line 1: documents\.1: /,
    ],
    [
      'a relevant one that is not there',
      { 'a.jsonl': '{"query": "q", "documents": ["d"], "relevant": [1]}' },
      'DIR/a.jsonl, line 1: relevant.0: there are 1 documents, counted from 0.',
    ],
    [
      'bytes that are no UTF-8',
      { 'a.jsonl': Buffer.from('{"query": "\xe9t\xe9", "documents": ["d"]}', 'latin1') },
      'DIR/a.jsonl, line 1: the line is not UTF-8; convert the file first.',
    ],
    ['positive alone', { 'a.jsonl': '{"query": "q", "positive": ["d"]}' }, /line 1: negative: /],
    [
      'no candidate',
      { 'a.jsonl': '{"query": "q", "positive": [], "negative": []}' },
      'DIR/a.jsonl, line 1: positive: and negative are both empty.',
    ],
    ['no parquet', { 'a.parquet': secret }, /^DIR\/a\.parquet: cannot be read as parquet: /],
    ['an empty parquet', { 'a.parquet': '' }, /^DIR\/a\.parquet: cannot be read as parquet: /],
    [
      'other columns',
      { 'a.parquet': parquetOf([{ query: 'q', text: 'd' }]) },
      'DIR/a.parquet: has no column positive, negative (it has query, text); take the file with query, positive and negative.',
    ],
    [
      'a column of another type',
      { 'a.parquet': parquetOf([{ query: 'q', positive: secret, negative: 'd' }]) },
      /^DIR\/a\.parquet, line 1: positive: /,
    ],
    [
      'no split',
      { 'collection.tsv': collection, 'queries.test.tsv': '1\tq\n' },
      /^DIR: has collection\.tsv, but not queries\.dev\.tsv with qrels\.dev\.tsv/,
    ],
    [
      'no tab',
      { ...thuir, 'collection.tsv': `10\t下雨\n${secret}\n` },
      'DIR/collection.tsv, line 2: expected an id, a tab and the passage.',
    ],
    [
      'a passage that is no UTF-8',
      { ...thuir, 'collection.tsv': Buffer.from('12\t\xe9t\xe9\n', 'latin1') },
      'DIR/collection.tsv, line 1: the passage is not UTF-8; convert the file first.',
    ],
    [
      'passages that are missing',
      { ...thuir, 'collection.tsv': '10\t下雨\n12\t苹果\n' },
      /^DIR\/collection\.tsv: lacks 2 of 4 that the qrels name, passage 1[14] for one;/,
    ],
    [
      'a query that is missing',
      { ...thuir, 'queries.dev.tsv': '1\t天气怎么样\n' },
      /^DIR\/queries\.dev\.tsv: lacks 1 of 2 that the qrels name, query 2 for one;/,
    ],
    [
      'no judgement',
      { ...thuir, 'qrels.dev.tsv': 'qid\t-\tpid\trel\n' },
      'DIR/qrels.dev.tsv: holds no query.',
    ],
    [
      'a judgement without a grade',
      { ...thuir, 'qrels.dev.tsv': '1\t0\t12\n' },
      'DIR/qrels.dev.tsv, line 1: expected query, -, passage and a grade from 0 to 9, by tabs.',
    ],
    [
      'another kind of file',
      { 'a.txt': secret },
      /^DIR\/a\.txt is no data set of a known kind; it may be /,
    ],
  ])('%s', async (_, files, message) => {
    const error: unknown = await load(files).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'UserError', exitCode: exitCodes.usage })
    const text = (error as Error).message.replaceAll(folder, 'DIR')
    if (typeof message === 'string') expect(text).toBe(message)
    else expect(text).toMatch(message)
    expect(text).not.toContain(secret)
  })

  test('a line without end', async () => {
    const files = { 'a.jsonl': Buffer.alloc(20 * 1024 * 1024, 0x20) }
    await expect(load(files)).rejects.toThrow('line 1: is longer than 16 MiB')
  })

  test('a name that is neither data set nor file', async () => {
    await expect(loadDataset('t3', { seed: 1, queries: 1 })).rejects.toThrow(
      /^There is no data set t3 \(ENOENT.*\); choose synthetic, or name a file or folder\.$/,
    )
  })
})
