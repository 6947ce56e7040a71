import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildModel, openRecipe, type RunningServer } from '../../reference-server/index.ts'
import { chineseText, rerank, testServer } from './support.ts'

const query = 'panda 学习 机器'
const texts = [
  'panda',
  '机器学习 '.repeat(8),
  '学习',
  'the panda is a bear',
  '',
  chineseText(60, 3),
  `学习${chineseText(600, 4)}`,
]

let server: RunningServer
let fromDirectory: RunningServer
let directory: string
beforeAll(async () => {
  server = await testServer()
  directory = mkdtempSync(join(tmpdir(), 'rerankscope-model-'))
  await buildModel({
    recipe: openRecipe({ name: 'embedded', twin: false, seed: 1 }),
    dtype: 'float32',
    form: 'padded',
    directory,
    signal: new AbortController().signal,
  })
  fromDirectory = await testServer({ model: directory, maximumBatchTokens: 128 })
})
afterAll(async () => {
  await Promise.all([server.close(), fromDirectory.close()])
  rmSync(directory, { recursive: true })
})

async function logits(of: RunningServer, documents: readonly string[]): Promise<number[]> {
  const { text } = await rerank(of, { query, texts: documents, raw_scores: true })
  const ranking = JSON.parse(text) as { index: number; score: number }[]
  return ranking.sort((a, b) => a.index - b.index).map(({ score }) => score)
}

test('padding never changes a score: alone or in a mixed batch', async () => {
  const together = await logits(server, texts)
  for (const [at, document] of texts.entries()) {
    const [alone] = await logits(server, [document])
    expect(Math.abs(alone! - together[at]!)).toBeLessThan(1e-5)
  }
})

test('a model written to a directory scores as the one it was written from', async () => {
  const [built, read] = [await logits(server, texts), await logits(fromDirectory, texts)]
  for (const [at, score] of built.entries()) expect(Math.abs(score - read[at]!)).toBeLessThan(1e-5)
})
