import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadDataset } from '../../loadgen/dataset/index.ts'
import { planOf } from '../../loadgen/plan/plan.ts'
import { profiles } from '../../loadgen/plan/profiles.ts'
import { readTokenizer } from '../../loadgen/tokenizer.ts'

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
  await expect(readTokenizer(join(folder, 'none'))).rejects.toThrow(/cannot be used: ENOENT/)
})
