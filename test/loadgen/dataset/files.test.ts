import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
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
const load = (files: Files, queries = 500, seed = 1, split?: string) =>
  loadDataset(written(files), { seed, queries, split })
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
  const scalar = (value: unknown) =>
    typeof value === 'bigint' ? ({ type: 'INT64' } as const) : text
  const elements = names.flatMap((name): SchemaElement[] =>
    Array.isArray(rows[0]![name])
      ? [
          { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
          { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
          { name: 'element', repetition_type: 'OPTIONAL', ...text },
        ]
      : [{ name, repetition_type: 'OPTIONAL', ...scalar(rows[0]![name]) }],
  )
  return new Uint8Array(
    parquetWriteBuffer({
      rowGroupSize: 1,
      schema: [{ name: 'root', num_children: names.length }, ...elements],
      columnData: names.map((name) => ({ name, data: rows.map((row) => row[name]) })),
    }),
  )
}

/** As MTEB's second version has it: ids in two parts, texts in the other two. */
const parts = {
  corpus: [
    { _id: '10', title: '', text: '下雨' },
    { _id: '11', title: null, text: '晴天' },
    { _id: '12', title: '', text: '苹果' },
    { _id: '13', title: '', text: 'never named' },
    { _id: '14', title: 'tea', text: 'is cheap' },
  ],
  queries: [
    { _id: '1', text: '天气怎么样' },
    { _id: '2', text: 'cost of tea' },
    { _id: '3', text: 'never ranked' },
  ],
  qrels: [
    { 'query-id': '1', 'corpus-id': '11', score: 2 },
    { 'query-id': '1', 'corpus-id': '10', score: 1 },
    { 'query-id': '1', 'corpus-id': '14', score: 1 },
    { 'query-id': '2', 'corpus-id': '12', score: 0 },
    { 'query-id': '3', 'corpus-id': '12', score: 1 },
  ],
  top_ranked: [
    { 'query-id': '1', 'corpus-ids': ['12', '10', '11'] },
    { 'query-id': '2', 'corpus-ids': ['12', '14'] },
  ],
}
const partLines: Files = Object.fromEntries(
  Object.entries(parts).map(([name, rows]) => [`${name}.jsonl`, linesOf(rows)]),
)
const partTables: Files = {
  'corpus/dev-00000-of-00002.parquet': parquetOf(parts.corpus.slice(0, 2)),
  'corpus/dev-00001-of-00002.parquet': parquetOf(parts.corpus.slice(2)),
  'queries/dev-00000-of-00001-0123456789abcdef.parquet': parquetOf(parts.queries),
  'qrels/dev-00000-of-00001.parquet': parquetOf(
    parts.qrels.map((row) => ({ ...row, score: BigInt(row.score) })),
  ),
  'top_ranked/dev-00000-of-00001.parquet': parquetOf(parts.top_ranked),
}

describe.each<readonly [string, Files]>([
  ['thuir', thuir],
  ['mteb-retrieval', partLines],
  ['mteb-retrieval', partTables],
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
    'mteb-retrieval',
    'mteb-parquet',
    'mteb-jsonl',
    'jsonl',
  ])
})

describe('MTEB retrieval', () => {
  test('grades come from the qrels, 0 where they say nothing', async () => {
    const { queries, name } = await load(partTables)
    expect(queries.map(({ grades }) => grades)).toEqual([
      [2, 1, 0],
      [0, 0],
    ])
    expect(name).toBe(`${basename(folder)} dev`)
  })

  test('without top_ranked the judged documents are the candidates; ids may be numbers', async () => {
    const files = {
      'corpus.jsonl': linesOf(parts.corpus.map(({ _id, ...row }) => ({ id: Number(_id), ...row }))),
      'queries.jsonl': linesOf(parts.queries),
      'data/test.jsonl': linesOf(parts.qrels),
    }
    expect(readable(await load(files))).toEqual([
      { query: '天气怎么样', candidates: ['晴天', '下雨', 'tea is cheap'], relevant: 3 },
      { query: 'cost of tea', candidates: ['苹果'], relevant: 0 },
      { query: 'never ranked', candidates: ['苹果'], relevant: 1 },
    ])
  })

  test('a list of one document a row, as some were pushed', async () => {
    const rows = parts.top_ranked.flatMap((row) =>
      row['corpus-ids'].map((one) => ({ 'query-id': row['query-id'], 'corpus-ids': one })),
    )
    expect(readable(await load({ ...partLines, 'top_ranked.jsonl': linesOf(rows) }))).toEqual(two)
  })
})

describe('splits', () => {
  const thuirTrain: Files = {
    ...thuir,
    'queries.train.tsv': '7\tcost of tea\n',
    'qrels.train.tsv': '7\t0\t14\t3\n',
    'queries.test.tsv': '8\tnever judged\n',
  }
  const oneQuery = [{ query: 'cost of tea', candidates: ['tea is cheap'], relevant: 1 }]

  test('dev is taken, another by its name', async () => {
    const dev = await load(thuirTrain)
    expect(dev.name).toBe('t2ranking dev')
    const train = await load(thuirTrain, 500, 1, 'train')
    expect(train.name).toBe('t2ranking train')
    expect(readable(train)).toEqual(oneQuery)
  })

  test('of MTEB, with a corpus of its own name for all of them', async () => {
    const { corpus, queries } = parts
    const files = {
      'corpus/corpus-00000-of-00001.parquet': parquetOf(corpus),
      'queries/train.jsonl': linesOf(queries),
      'queries/test.jsonl': linesOf(queries),
      'qrels/test.jsonl': linesOf(parts.qrels),
      'qrels/train.jsonl': linesOf([{ 'query-id': '2', 'corpus-id': '14', score: 1 }]),
    }
    expect((await load(files)).name).toMatch(/ test$/)
    expect(readable(await load(files, 500, 1, 'train'))).toEqual(oneQuery)
  })

  test.each<readonly [string, Files, RegExp]>([
    ['thuir', thuirTrain, /^The data set .* has no split big; it has dev, train\.$/],
    ['mteb-retrieval', partTables, /^The data set .* has no split big; it has dev\.$/],
    [
      'mteb-retrieval',
      partLines,
      /^The data set .* has no splits to choose from; leave --split out\.$/,
    ],
    ['jsonl', { 'a.jsonl': linesOf(mtebRows) }, /has no splits to choose from/],
  ])('%s: one that is not there', async (_, files, message) => {
    await expect(load(files, 500, 1, 'big')).rejects.toThrow(message)
  })

  test('of a data set that is made', async () => {
    const made = loadDataset('synthetic', { seed: 1, queries: 1, split: 'dev' })
    await expect(made).rejects.toThrow(
      'The data set synthetic has no splits to choose from; leave --split out.',
    )
  })
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
      'DIR/a.parquet: has no column positive, negative (it has query, text); take the file with query, positive, negative.',
    ],
    [
      'a column of another type',
      { 'a.parquet': parquetOf([{ query: 'q', positive: secret, negative: 'd' }]) },
      /^DIR\/a\.parquet, row 1: positive: /,
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
      /^DIR\/collection\.tsv: lacks 2 of 4 that qrels names, passage 1[14] for one;/,
    ],
    [
      'a query that is missing',
      { ...thuir, 'queries.dev.tsv': '1\t天气怎么样\n' },
      /^DIR\/queries\.dev\.tsv: lacks 1 of 2 that qrels names, query 2 for one;/,
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
      'a corpus without judgements',
      { 'corpus.jsonl': linesOf(parts.corpus), 'queries.jsonl': linesOf(parts.queries) },
      'DIR: has a corpus, but no qrels; put qrels/SPLIT.parquet or qrels.jsonl beside it.',
    ],
    [
      'one of two files',
      Object.fromEntries(Object.entries(partTables).filter(([name]) => !name.includes('0001-of-'))),
      'DIR/corpus: has 1 of the 2 files of the split dev; put the others beside them.',
    ],
    [
      'a part without the split',
      {
        ...partLines,
        'qrels.jsonl': '',
        'qrels/dev.jsonl': linesOf(parts.qrels),
        'top_ranked/test.jsonl': '',
        'top_ranked/train.jsonl': '',
      },
      'DIR/top_ranked: has no split dev; it has test, train.',
    ],
    [
      'several splits and no word which',
      { ...partLines, 'queries/test.jsonl': '', 'queries/train.jsonl': '' },
      /^DIR\/queries: has several splits \(test, train\), and the qrels do not say which; /,
    ],
    [
      'a row without its id',
      { ...partLines, 'corpus.jsonl': `${linesOf(parts.corpus.slice(0, 1))}{"text": "${secret}"}` },
      'DIR/corpus.jsonl, line 2: _id: is missing.',
    ],
    [
      'a row without text',
      { ...partTables, 'corpus/dev-00001-of-00002.parquet': parquetOf([{ _id: '9', text: null }]) },
      /^DIR\/corpus\/dev-00001-of-00002\.parquet, row 1: text: /,
    ],
    [
      'a table without text',
      {
        ...partTables,
        'queries/dev-00000-of-00001-0123456789abcdef.parquet': parquetOf([
          { _id: '1', query: secret },
        ]),
      },
      /parquet: has no column text \(it has _id, query\); take the file with text\.$/,
    ],
    [
      'a score that is no grade',
      {
        ...partLines,
        'qrels.jsonl': linesOf([{ 'query-id': '1', 'corpus-id': '10', score: 0.5 }]),
      },
      'DIR/qrels.jsonl, line 1: score: expected a whole number, at most 100.',
    ],
    [
      'a ranking of nothing',
      {
        ...partLines,
        'top_ranked.jsonl': '{"query-id": "1", "corpus-ids": 0.5}\n{"query-id": "1"}',
      },
      /^DIR\/top_ranked\.jsonl, line 2: corpus-ids: /,
    ],
    [
      'documents that are missing',
      { ...partLines, 'corpus.jsonl': linesOf(parts.corpus.slice(0, 3)) },
      'DIR/corpus: lacks 1 of 4 that top_ranked names, document 14 for one; take files of one version, and whole ones.',
    ],
    ['no ranking', { ...partLines, 'top_ranked.jsonl': '' }, 'DIR/top_ranked: holds no query.'],
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
      /^--dataset t3 cannot be used: there is no such file or folder\. Choose synthetic, or name a file or folder\.$/,
    )
  })
})
