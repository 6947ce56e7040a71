import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenizerFinder } from '../../commands/find-tokenizer.ts'
import { parseTargetUrl } from '../../core/target-url.ts'
import { loadDataset } from '../../loadgen/dataset/index.ts'
import { cachedTokenizer, runLoad, type RunOptions } from '../../loadgen/index.ts'
import { modelNamesOf } from '../../loadgen/model-names.ts'
import { maximumFoundCharacters } from '../../loadgen/plan/lengths.ts'
import { planOf } from '../../loadgen/plan/plan.ts'
import { profiles } from '../../loadgen/plan/profiles.ts'
import { roughCounter } from '../../loadgen/plan/tokens.ts'
import { preflight } from '../../loadgen/target.ts'
import { readTokenizer } from '../../loadgen/tokenizer.ts'
import { FixtureServer, type FixtureOptions } from './fixture-server.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-tokenizer-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** A character a token, as BERT's tokenizer cuts Chinese. */
const wordPiece = {
  version: '1.0',
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
      { SpecialToken: { id: '[SEP]', type_id: 1 } },
    ],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [1], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [2], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, a: 3, b: 4 },
  },
  added_tokens: [],
}

test('tokens of pairs, what the target cuts, and texts of a wanted length', async () => {
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(wordPiece))
  const counter = await readTokenizer(folder)
  expect(counter.specialTokens).toBe(3)
  expect(counter.count('天气 a')).toBe(3)
  const own = { query: '天气', documents: ['晴天', '今天下雨吗'] }
  writeFileSync(join(folder, 'own.jsonl'), JSON.stringify(own))
  const dataset = await loadDataset(join(folder, 'own.jsonl'), { seed: 1, queries: 1 })
  const plan = planOf(profiles[2], {
    ...{ seconds: 1, seed: 1, dataset },
    tokens: { counter, limit: 8 },
  })
  // 2 + 2 + 3 tokens and 2 + 5 + 3, of which the target computes 8.
  expect(plan.items[0]).toMatchObject({ documents: 2, characters: 7, tokens: 7 + 8 })
  expect(plan.dataset.lengths).toEqual({
    queryCharacters: { mean: 2, p50: 2, p95: 2, max: 2 },
    documentCharacters: { mean: 3.5, p50: 2, p95: 5, max: 5 },
    tokens: {
      tokenizer: expect.stringMatching(/\/tokenizer\.json$/) as string,
      pairTokens: { mean: 8.5, p50: 7, p95: 10, max: 10 },
      limit: 8,
      truncatedShare: 0.5,
    },
  })
})

test('grid: every combination once a round, documents of about their tokens', async () => {
  const counter = await readTokenizer(folder)
  const dataset = await loadDataset('synthetic', { seed: 1, queries: 50 })
  const shapes = { documents: [1, 4], tokens: [64, 300] }
  const plan = planOf(
    { ...profiles[3], shapes },
    {
      ...{ seconds: 4, seed: 1, dataset },
      tokens: { counter, limit: undefined },
    },
  )
  const made = plan.items.map((item) => [item.documents, item.documentTokens])
  expect(made.sort()).toEqual([
    [1, 300],
    [1, 64],
    [4, 300],
    [4, 64],
  ])
  for (const { texts, documentTokens } of plan.items) {
    for (const text of texts.slice(1)) {
      const tokens = counter.count(plan.texts[text]!)
      expect(Math.abs(tokens / documentTokens! - 1)).toBeLessThan(0.05)
    }
  }
})

test.each([
  ['nothing', '', /cannot be used: Unexpected end of JSON input; name the model's folder/],
  ['a list', '[]', /^--tokenizer .* cannot be used: /],
  ['no tokenizer', '{}', /^--tokenizer .* cannot be used: /],
])('a tokenizer.json with %s', async (_, content, message) => {
  const path = join(folder, 'wrong.json')
  writeFileSync(path, content)
  await expect(readTokenizer(path)).rejects.toThrow(message)
})

test('a tokenizer that is not there', async () => {
  await expect(readTokenizer(join(folder, 'none'))).rejects.toThrow(
    /cannot be used: there is no such file/,
  )
})

describe('of the target’s model, found on this machine', () => {
  const signal = new AbortController().signal
  const written = (path: string, content: object | string) => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }
  const info = {
    status: 200,
    body: JSON.stringify({ model_id: 'own/model', max_input_length: 64 }),
  }
  async function load(options: Partial<RunOptions>, fixture: FixtureOptions = { info }) {
    const server = await FixtureServer.start(fixture)
    const out = join(folder, 'run')
    try {
      const given = { target: server.url, profile: 'low', seconds: 0.2, out, force: true }
      const { summary } = await runLoad({ ...given, ...options }, { signal })
      expect(readFileSync(join(out, 'plan.json'), 'utf8')).not.toContain(folder)
      return summary
    } finally {
      await server.stop()
    }
  }

  test.each([
    ['pulled', { RERANKSCOPE_CACHE: 'own' }],
    ['in HF_HUB_CACHE', { HF_HUB_CACHE: 'hf/hub' }],
    ['in HF_HOME', { HF_HOME: 'hf' }],
  ])('%s: it counts, and the run says so', async (_, places) => {
    written('hf/hub/models--own--model/snapshots/c1/tokenizer.json', wordPiece)
    written('own/models/own--model/tokenizer.json', wordPiece)
    const pulled = { name: 'own/model', revision: 'main', commit: 'c1' }
    written('own/models/own--model/pulled.json', pulled)
    const environment = Object.fromEntries(
      Object.entries({ RERANKSCOPE_CACHE: 'none', HF_HOME: 'none', ...places }).map(
        ([name, path]) => [name, join(folder, path)],
      ),
    )
    const findTokenizer = tokenizerFinder(environment)
    const { dataset, notes } = await load({ findTokenizer })
    expect(dataset.lengths?.tokens).toMatchObject({
      tokenizer: 'own/model/tokenizer.json',
      foundFor: 'own/model',
      limit: 64,
    })
    expect(dataset.lengths?.tokens?.countedRequests).toBeUndefined()
    expect(notes.filter((note) => note.includes('token'))).toEqual([
      expect.stringMatching(
        /^pairs have \S+ tokens on the mean and \S+ at p95; the target cuts at 64, which shortens \S+ % of them; counted by own\/model\/tokenizer\.json, found on this machine for the target’s model$/,
      ),
    ])

    const none = (await load({ findTokenizer, tokenizer: 'none' })).dataset.lengths
    expect([none?.tokens, none?.tokensMissing]).toEqual([null, undefined])
    const named = written('named/tokenizer.json', wordPiece)
    const { tokens } = (await load({ findTokenizer, tokenizer: named })).dataset.lengths!
    expect([tokens?.tokenizer, tokens?.foundFor]).toEqual(['named/tokenizer.json', undefined])
  })

  test.each<readonly [string, RunOptions['findTokenizer'], FixtureOptions, string]>([
    [
      'not there',
      () => Promise.resolve(undefined),
      { info },
      'no lengths in tokens: the tokenizer of own/model is not on this machine; name',
    ],
    [
      'of no use',
      () => Promise.resolve(written('broken/tokenizer.json', '{}')),
      { info },
      'no lengths in tokens: the tokenizer of own/model on this machine cannot be used; name',
    ],
    [
      'of nobody knows what',
      () => Promise.reject(new Error('not to be asked')),
      { info: { status: 404, body: '' } },
      'no lengths in tokens: the target does not say which model it serves; name',
    ],
  ])('%s: one note says how to get counts', async (_, findTokenizer, fixture, note) => {
    const { dataset, notes } = await load({ findTokenizer, dialect: 'tei' }, fixture)
    expect(dataset.lengths?.tokens).toBeNull()
    expect(notes.filter((one) => one.includes('token'))).toEqual([
      `${note} the model's folder or tokenizer.json with --tokenizer`,
    ])
  })

  test('the cache: the commit of main first, and no path out of a model’s name', async () => {
    const cache = join(folder, 'cache')
    for (const commit of ['a', 'b']) {
      written(`cache/models--own--two/snapshots/${commit}/tokenizer.json`, wordPiece)
    }
    written('cache/models--own--two/snapshots/c/config.json', '{}')
    written('cache/models--own--two/refs/main', 'b\n')
    written('cache/models--alone/snapshots/a/tokenizer.json', wordPiece)
    const at = (model: string) => cachedTokenizer(cache, model)
    expect(await at('own/two')).toBe(join(cache, 'models--own--two/snapshots/b/tokenizer.json'))
    expect(await at('alone')).toBe(join(cache, 'models--alone/snapshots/a/tokenizer.json'))
    written('cache/models--own--two/refs/main', '../../../models--alone/snapshots/a')
    expect(await at('own/two')).toBe(join(cache, 'models--own--two/snapshots/a/tokenizer.json'))
    for (const model of ['own/three', '../cache/models--alone', '/alone', 'own/../alone', '']) {
      expect(await at(model)).toBeUndefined()
    }
  })

  test.each<readonly [string, string, Readonly<Record<string, object>>, readonly string[]]>([
    [
      'vLLM under another name',
      'auto',
      { '/v1/models': { data: [{ id: 'served', root: 'own/model', max_model_len: 512 }] } },
      ['own/model', 'served'],
    ],
    ['a list of OpenAI’s form', 'jina', { '/v1/models': { data: [{ id: 'a/b' }] } }, ['a/b']],
    ['Infinity', 'jina', { '/models': { data: [{ id: 'a/b', backend: 'torch' }] } }, ['a/b']],
    ['several', 'jina', { '/models': { data: [{ id: 'a/b' }, { id: 'c/d' }] } }, []],
    ['something else', 'jina', { '/models': { models: [] } }, []],
  ])('the name that %s gives', async (_, dialect, reads, names) => {
    const server = await FixtureServer.start({
      info: { status: 404, body: '' },
      reads: Object.fromEntries(
        Object.entries(reads).map(([path, body]) => [path, JSON.stringify(body)]),
      ),
    })
    const target = parseTargetUrl(server.url, '--target')
    const found = await preflight(target, { dialect, documents: 1, batchForm: 'burst' }, signal)
    expect(await modelNamesOf(target, found, signal)).toEqual(names)
    await server.stop()
  })

  test('it counts a part of a large plan, and leaves the texts as they are', async () => {
    const dataset = await loadDataset('synthetic', { seed: 1, queries: 50 })
    const options = { seconds: 60, seed: 1, dataset }
    const counter = { ...roughCounter, count: (text: string) => text.length }
    const plan = planOf(profiles[0], options)
    const found = planOf(profiles[0], {
      ...options,
      tokens: { counter, limit: undefined, foundFor: 'm' },
    })
    expect(found.texts).toEqual(plan.texts)
    expect(found.items).toEqual(plan.items)
    const { tokens, documentCharacters, queryCharacters } = found.dataset.lengths
    const counted = tokens!.countedRequests!
    expect(counted).toBeGreaterThan(1)
    const characters = counted * 30 * (documentCharacters.mean + queryCharacters.mean)
    expect(characters).toBeLessThan(1.2 * maximumFoundCharacters)
    // A character a token: what is known of a part holds of the whole.
    const mean = documentCharacters.mean + queryCharacters.mean + counter.specialTokens
    expect(Math.abs(tokens!.pairTokens.mean / mean - 1)).toBeLessThan(0.1)

    const grid = { ...profiles[3], shapes: { documents: [2], tokens: [64] } }
    const made = (foundFor?: string) =>
      planOf(grid, { ...options, tokens: { counter, limit: 64, ...(foundFor && { foundFor }) } })
    expect(made('m').texts).toEqual(planOf(grid, options).texts)
    expect(made().texts).not.toEqual(planOf(grid, options).texts)
  })
})
