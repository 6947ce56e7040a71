import { present } from '../../core/assert.ts'
import type { Dataset, DatasetQuery, MadeSource } from './dataset.ts'
import { chinese, english, type Lexicon } from './lexicon.ts'
import { Random } from './random.ts'

/**
 * The statistics of T2Ranking as MTEB publishes them (mteb/T2Reranking: lengths in characters),
 * with upper limits that keep one freak text (the real maximum is 120,026) from ruling a short run.
 */
export const statistics = {
  englishShare: 0.2,
  queryCharacters: { mean: 10.95, sigma: 0.35, minimum: 4, maximum: 29 },
  documentCharacters: { mean: 840.8, sigma: 1, minimum: 8, maximum: 20_000 },
  candidates: { mean: 16.49, sigma: 0.75, minimum: 2, maximum: 335 },
  /** 7.52 of 16.49. */
  relevantShare: 0.456,
  /** Content words a document is about. A relevant one has all words of the query among them. */
  topicWords: 12,
} as const

/**
 * Queries with candidates whose lengths and numbers follow `statistics`. Relevant documents use all
 * content words of their query, the other candidates one of them, so a reranker has something to find.
 */
export const synthetic: MadeSource = {
  name: 'synthetic',
  summary: 'seeded texts, Chinese and English, with the length statistics of T2Ranking',
  load: ({ seed, queries }) => Promise.resolve(synthesize(seed, queries)),
}

function synthesize(seed: number, wanted: number): Dataset {
  const random = new Random(seed, 'synthetic')
  // A run uses a part of the texts, and most of the work is in the documents.
  const texts: (() => string)[] = []
  const queries: DatasetQuery[] = []
  for (let number = 0; number < wanted; number += 1) {
    const lexicon = random.next() < statistics.englishShare ? english : chinese
    const { text, words } = queryOf(random, lexicon)
    const query = texts.push(() => text) - 1
    const count = sized(random, statistics.candidates)
    const relevant = Math.max(1, Math.round(count * statistics.relevantShare))
    const candidates = Array.from({ length: count }, (_, at) => {
      const about = at < relevant ? words : [random.pick(words)]
      const stream = `document/${String(texts.length)}`
      return texts.push(() => documentOf(new Random(seed, stream), lexicon, about)) - 1
    })
    queries.push({ text: query, candidates, relevant })
  }
  return {
    name: 'synthetic',
    size: texts.length,
    textOf: (number) => present(texts[number], `There is no text ${String(number)}.`)(),
    queries,
  }
}

function sized(
  random: Random,
  range: { mean: number; sigma: number; minimum: number; maximum: number },
): number {
  const drawn = Math.round(random.logNormal(range.mean, range.sigma))
  return Math.min(range.maximum, Math.max(range.minimum, drawn))
}

/** Content words up to the drawn length, then a question word or what fits of it. */
function queryOf(random: Random, lexicon: Lexicon): { text: string; words: readonly string[] } {
  const length = sized(random, statistics.queryCharacters)
  const first = random.pick(lexicon.content)
  const used: string[] = [first]
  let text = first
  for (;;) {
    const word = random.pick(lexicon.content)
    const longer = text + lexicon.space + word
    if (longer.length > length - 3) break
    used.push(word)
    text = longer
  }
  const asked = text + lexicon.space + random.pick(lexicon.questions)
  // Chinese may be cut anywhere; half an English word would be no word.
  const cut = lexicon.space === '' ? asked.slice(0, Math.max(length, text.length)) : asked
  return { text: cut, words: used }
}

function documentOf(random: Random, lexicon: Lexicon, about: readonly string[]): string {
  const length = sized(random, statistics.documentCharacters)
  const topic = [...about]
  while (topic.length < statistics.topicWords) topic.push(random.pick(lexicon.content))
  // The words that matter come first, so that a text cut short, here or by a model, still has them.
  let text = about.join(lexicon.space)
  while (text.length < length) {
    const clause = Array.from({ length: 4 + random.below(6) }, () =>
      random.pick(random.next() < 0.55 ? topic : lexicon.link),
    ).join(lexicon.space)
    text += (random.next() < 0.35 ? lexicon.stop : lexicon.comma) + clause
  }
  return text.slice(0, length)
}
