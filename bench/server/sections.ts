import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProgram, type RunningProgram } from '../../commands/children.ts'
import { systemClock } from '../../core/clock.ts'
import { TokeniserPool } from '../../reference-server/tokenise/pool.ts'
import { BareLoop } from './bare.ts'
import { mixedDocuments, rerankAll } from './load.ts'
import { compare } from './measure.ts'
import type { BenchModels } from './model.ts'

const repetitions = 5
const batchTokens = 4096
/** Both sides compute on one thread, so that HTTP and tokenising have a core of their own. */
const threads = 1
const query = '珊瑚礁的学习方法'

export function serve(...options: string[]): Promise<RunningProgram> {
  const usual = ['--port', '0', '--device', 'cpu', '--threads', String(threads)]
  return startProgram(['serve', ...usual, ...options], {
    clock: systemClock,
    signal: new AbortController().signal,
  })
}

/** Requests of 25 documents of mixed lengths. */
function mixedRequests(requests: number, least?: number, most?: number) {
  return Array.from({ length: requests }, (_, seed) => ({
    query,
    texts: mixedDocuments(25, seed, least, most),
  }))
}

export async function throughputSection({ fp32: directory }: BenchModels): Promise<void> {
  const bare = await BareLoop.open(directory, threads)
  const bodies = mixedRequests(5)
  const pairs = bodies.flatMap(({ texts }) => texts.map((text) => bare.pairOf(query, text)))
  const amount = { amount: pairs.length, unit: 'pairs/s' }
  // No token cache: every run repeats its documents, and the server is to tokenise them each time.
  const server = await serve('--model', directory, '--cache-mib', '0')
  const all = () => rerankAll(server.url, bodies, bodies.length)
  try {
    await compare(
      'server against bare run(), the same pairs sorted by length',
      repetitions,
      all,
      () => bare.sorted(pairs, batchTokens),
      { ...amount, budget: 0.9 },
    )
    for (const batchPairs of [8, 32]) {
      await compare(
        `server against bare run(), batches of ${String(batchPairs)} padded to the longest`,
        repetitions,
        all,
        () => bare.fixed(pairs, batchPairs),
        { ...amount, ...(batchPairs === 32 && { budget: 1.5 }) },
      )
    }
  } finally {
    await server.stop()
  }
}

export async function tokenisingSection({ fp32: directory }: BenchModels): Promise<void> {
  const read = (file: string) => readFileSync(join(directory, file), 'utf8')
  const start = (workers: number) =>
    TokeniserPool.start({
      setup: {
        tokenizerJson: read('tokenizer.json'),
        tokenizerConfigJson: read('tokenizer_config.json'),
      },
      workers,
      clock: systemClock,
      log: () => undefined,
    })
  const [one, two] = [await start(1), await start(2)]
  const requests = Array.from({ length: 40 }, (_, seed) => mixedDocuments(25, seed))
  const encoding = (pool: TokeniserPool) => () =>
    Promise.all(requests.map((texts) => pool.encode(texts, 512, 'right')))
  const tokens = requests.flat().reduce((sum, text) => sum + text.length, 0)
  try {
    await compare('two tokeniser workers against one', repetitions, encoding(two), encoding(one), {
      amount: tokens,
      unit: 'tokens/s',
    })
  } finally {
    await Promise.all([one.close(), two.close()])
  }
}

export async function cacheSection({ fp32: directory }: BenchModels): Promise<void> {
  const [cached, plain] = [
    await serve('--model', directory, '--score-cache-mib', '64'),
    await serve('--model', directory),
  ]
  const bodies = mixedRequests(2)
  try {
    await compare(
      'pairs from the score cache against pairs computed',
      repetitions,
      () => rerankAll(cached.url, bodies, bodies.length),
      () => rerankAll(plain.url, bodies, bodies.length),
      { amount: 50, unit: 'pairs/s' },
    )
  } finally {
    await Promise.all([cached.stop(), plain.stop()])
  }
}

/** What a shorter maximum buys, for documents that are longer than it. */
export async function shorterSection({ fp32: directory }: BenchModels): Promise<void> {
  const [short, long] = [
    await serve('--model', directory, '--max-length', '256'),
    await serve('--model', directory, '--max-length', '512'),
  ]
  try {
    for (const [what, least, most] of [
      ['long documents (480 to 500 tokens)', 480, 500],
      ['mixed documents (10 to 480 tokens)', 10, 480],
    ] as const) {
      const bodies = mixedRequests(1, least, most)
      await compare(
        `--max-length 256 against 512, ${what}`,
        repetitions,
        () => rerankAll(short.url, bodies, bodies.length),
        () => rerankAll(long.url, bodies, bodies.length),
        { amount: bodies.length * 25, unit: 'pairs/s' },
      )
    }
  } finally {
    await Promise.all([short.stop(), long.stop()])
  }
}

/** The fallback for machines without a GPU: a quarter of the weights' bytes, and integer arithmetic. */
export async function int8Section({ fp32, int8 }: BenchModels): Promise<void> {
  const [small, full] = [await serve('--model', int8), await serve('--model', fp32)]
  const bodies = mixedRequests(4)
  try {
    await compare(
      'int8 against fp32 on the CPU',
      repetitions,
      () => rerankAll(small.url, bodies, bodies.length),
      () => rerankAll(full.url, bodies, bodies.length),
      { amount: bodies.length * 25, unit: 'pairs/s' },
    )
  } finally {
    await Promise.all([small.stop(), full.stop()])
  }
}
