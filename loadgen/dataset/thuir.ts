import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { formatCount } from '../../core/units.ts'
import { forEachLine, inputError, textOf } from '../lines.ts'
import {
  maximumCandidates,
  type Dataset,
  type DatasetQuery,
  type DatasetRequest,
  type FileSource,
} from './dataset.ts'
import { nonEmpty } from './rows.ts'
import { Sample } from './sample.ts'

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
  async load(path, request) {
    const folder = (await folderOf(path)) ?? path
    const split = await splitOf(folder)
    const qrels = join(folder, `qrels.${split}.tsv`)
    const judged = await judgedOf(qrels, await chosenOf(qrels, request))
    const queries = await textsOf(
      join(folder, `queries.${split}.tsv`),
      new Set(judged.candidates.keys()),
      'query',
    )
    const wanted = new Set([...judged.candidates.values()].flatMap((list) => [...list.keys()]))
    const passages = await textsOf(join(folder, 'collection.tsv'), wanted, 'passage')
    return datasetOf(`t2ranking ${split}`, judged, queries, passages)
  },
}

/** By passage, the grade. */
type Candidates = ReadonlyMap<string, number>
interface Judged {
  readonly candidates: ReadonlyMap<string, Candidates>
  readonly dropped: number
}

/** The hub keeps the files in `data/`. */
async function folderOf(path: string): Promise<string | undefined> {
  for (const folder of [path, join(path, 'data')]) {
    if (await exists(join(folder, 'collection.tsv'))) return folder
  }
  return undefined
}

async function splitOf(folder: string): Promise<string> {
  for (const split of ['dev', 'train']) {
    const files = [`queries.${split}.tsv`, `qrels.${split}.tsv`]
    const found = await Promise.all(files.map((file) => exists(join(folder, file))))
    if (found.every(Boolean)) return split
  }
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

/** The queries of the sample, of those that have judgements. */
async function chosenOf(
  qrels: string,
  { seed, queries }: DatasetRequest,
): Promise<ReadonlySet<string>> {
  const sample = new Sample<string>(seed, queries)
  const seen = new Set<string>()
  await forEachJudgement(qrels, (query) => {
    if (seen.has(query)) return
    seen.add(query)
    sample.offer(query, () => query)
  })
  return new Set(nonEmpty(sample.values(), qrels))
}

async function judgedOf(qrels: string, chosen: ReadonlySet<string>): Promise<Judged> {
  const candidates = new Map([...chosen].map((query) => [query, new Map<string, number>()]))
  let dropped = 0
  await forEachJudgement(qrels, (query, passage, grade) => {
    const own = candidates.get(query)
    if (own === undefined) return
    if (own.size === maximumCandidates && !own.has(passage)) dropped += 1
    else own.set(passage, grade)
  })
  return { candidates, dropped }
}

async function forEachJudgement(
  qrels: string,
  use: (query: string, passage: string, grade: number) => void,
): Promise<void> {
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
  const missing = [...wanted].filter((id) => !texts.has(id))
  if (missing.length > 0) {
    throw inputError(
      path,
      undefined,
      `lacks ${formatCount(missing.length)} of ${formatCount(wanted.size)} that the qrels name, ${field} ${missing[0]?.slice(0, 40) ?? ''} for one; are the files of one version and whole?`,
    )
  }
  return texts
}

function datasetOf(
  name: string,
  judged: Judged,
  queries: ReadonlyMap<string, string>,
  passages: ReadonlyMap<string, string>,
): Dataset {
  const texts: string[] = []
  const numbers = new Map<string, number>()
  const numberOf = (passage: string) => {
    const number = numbers.get(passage) ?? texts.push(passages.get(passage) ?? '') - 1
    numbers.set(passage, number)
    return number
  }
  const made = [...judged.candidates].map(([query, own]): DatasetQuery => {
    const graded = [...own].sort(([, a], [, b]) => b - a)
    return {
      text: texts.push(queries.get(query) ?? '') - 1,
      candidates: graded.map(([passage]) => numberOf(passage)),
      relevant: graded.filter(([, grade]) => grade >= relevantGrade).length,
      grades: graded.map(([, grade]) => grade),
    }
  })
  return {
    name,
    size: texts.length,
    textOf: (number) => texts[number] ?? '',
    queries: made,
    ...(judged.dropped > 0 && { droppedCandidates: judged.dropped }),
  }
}
