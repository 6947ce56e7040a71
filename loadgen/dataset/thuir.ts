import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { present } from '../../core/assert.ts'
import { forEachLine, inputError, textOf } from '../lines.ts'
import { inOrder, type FileSource } from './dataset.ts'
import { Judgements, requireTexts, sampledQueries } from './judged.ts'

/** Grades 0 to 3; the authors count 2 and 3 as relevant. */
const relevantGrade = 2
const tab = 0x09

/**
 * T2Ranking as its authors publish it: `collection.tsv`, and for a split `queries.SPLIT.tsv` and
 * `qrels.SPLIT.tsv` (query, -, passage, grade). Each file is read from end to end and only what the
 * sample needs is kept: the collection has 2.3 million passages.
 */
export const thuir: FileSource = {
  name: 'thuir',
  summary: 'a folder with T2Ranking’s collection.tsv, queries.*.tsv and qrels.*.tsv',
  recognises: async (path) => (await folderOf(path)) !== undefined,
  splits: async (path) => splitsOf((await folderOf(path)) ?? path),
  async load(path, request) {
    const folder = (await folderOf(path)) ?? path
    const split = present(request.split, 'These files always have a split.')
    const qrels = join(folder, `qrels.${split}.tsv`)
    const pairs = (use: UsePair) => forEachJudgement(qrels, use)
    const judged = new Judgements(await sampledQueries(qrels, pairs, request))
    await pairs((query, passage, grade) => {
      judged.add(query, passage, grade)
    })
    const queries = await textsOf(join(folder, `queries.${split}.tsv`), judged.queries, 'query')
    const passages = await textsOf(join(folder, 'collection.tsv'), judged.documents, 'passage')
    return judged.dataset(`t2ranking ${split}`, relevantGrade, queries, passages)
  },
}

type UsePair = (query: string, passage: string, grade: number) => void

/** The hub keeps the files in `data/`. */
async function folderOf(path: string): Promise<string | undefined> {
  for (const folder of [path, join(path, 'data')]) {
    if (await exists(join(folder, 'collection.tsv'))) return folder
  }
  return undefined
}

async function splitsOf(folder: string): Promise<readonly string[]> {
  const files = new Set(await readdir(folder))
  const splits = [...files]
    .map((file) => /^qrels\.(.+)\.tsv$/.exec(file)?.[1] ?? '')
    .filter((split) => split !== '' && files.has(`queries.${split}.tsv`))
  if (splits.length > 0) return inOrder(splits)
  throw inputError(
    folder,
    undefined,
    'has collection.tsv, but not queries.dev.tsv with qrels.dev.tsv, nor those of train; put them beside it',
  )
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

async function forEachJudgement(qrels: string, use: UsePair): Promise<void> {
  await forEachLine(qrels, (bytes, line) => {
    const [query = '', , passage = '', grade = '', ...more] = bytes
      .toString('latin1')
      .split(/[\t ]+/)
    if (bytes.length === 0 || (line === 1 && !/^\d+$/.test(query))) return
    if (passage === '' || !/^[0-9]$/.test(grade) || more.length > 0) {
      throw inputError(qrels, line, 'expected query, -, passage and a grade from 0 to 9, by tabs')
    }
    use(query, passage, Number(grade))
  })
}

/** The texts of `wanted`, by id. */
async function textsOf(
  path: string,
  wanted: ReadonlySet<string>,
  field: string,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  await forEachLine(path, (bytes, line) => {
    if (bytes.length === 0) return
    const end = bytes.indexOf(tab)
    if (end <= 0) throw inputError(path, line, `expected an id, a tab and the ${field}`)
    const id = bytes.toString('latin1', 0, end)
    if (wanted.has(id)) texts.set(id, textOf(bytes.subarray(end + 1), path, line, `the ${field}`))
    // Nothing further down is needed.
    return texts.size < wanted.size
  })
  requireTexts(path, texts, wanted, { field, namedBy: 'qrels' })
  return texts
}
