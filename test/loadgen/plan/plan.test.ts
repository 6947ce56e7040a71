import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dialects } from '../../../core/dialects/index.ts'
import { datasets } from '../../../loadgen/dataset/index.ts'
import {
  bodiesOf,
  BodyComposer,
  bodyTemplateOf,
  shapeKeyOf,
  type BodyTemplate,
} from '../../../loadgen/plan/body.ts'
import { planFileOf, writePlan } from '../../../loadgen/plan/files.ts'
import { planOf, type Plan, type PlanItem } from '../../../loadgen/plan/plan.ts'
import { profiles } from '../../../loadgen/plan/profiles.ts'

// Real queries and candidates; short texts, for their making is not what is tested.
const dataset = {
  ...(await datasets[0]!.load({ seed: 1, queries: 500 })),
  textOf: (number: number) => `text ${String(number)}`,
}
const plan = (name: string, seconds: number, seed = 1) =>
  planOf(
    profiles.find((profile) => profile.name === name)!,
    { seconds, seed, dataset },
  )
const pairsOf = ({ items }: Plan) => items.reduce((sum, { documents }) => sum + documents, 0)

test('low offers 150 pairs/s in equal shares of its five shapes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), (seconds, seed) => {
      const made = plan('low', seconds, seed)
      expect(made.items).toHaveLength(5 * seconds)
      expect(made.scheduledSeconds).toBeCloseTo(seconds, 9)
      expect(pairsOf(made)).toBe(150 * seconds)
      for (const documents of [10, 20, 30, 40, 50]) {
        expect(made.items.filter((item) => item.documents === documents)).toHaveLength(seconds)
      }
    }),
    { numRuns: 25 },
  )
})

test('high offers 1,000 pairs/s in batches of eight, all of a batch at one instant', () => {
  const made = plan('high', 30)
  expect(made.items).toHaveLength(600)
  expect(pairsOf(made)).toBe(30 * 1000)
  for (const { index, batch, intendedSeconds } of made.items) {
    expect(batch).toBe(Math.floor(index / 8))
    expect(intendedSeconds).toBeCloseTo(batch * 0.4, 9)
  }
})

test('a schedule holds whole periods and at least one', () => {
  expect(plan('high', 15)).toMatchObject({ scheduledSeconds: expect.closeTo(14.8, 9) as number })
  expect(plan('high', 15).items).toHaveLength(37 * 8)
  expect(plan('low', 0.01).items).toHaveLength(1)
})

test('the same seed gives the same plan, another seed another', () => {
  expect(plan('low', 10)).toEqual(plan('low', 10))
  expect(plan('low', 10, 2).items).not.toEqual(plan('low', 10).items)
})

test('the fill share is that of the items, and warm-up pairs are not in the run', () => {
  const made = plan('high', 10)
  let filled = 0
  const offered = new Set<string>()
  for (const { texts } of made.items) {
    const own = dataset.queries.find(({ text }) => dataset.textOf(text) === made.texts[texts[0]!])!
    const ownTexts = new Set(own.candidates.map((at) => dataset.textOf(at)))
    for (const text of texts.slice(1)) {
      if (!ownTexts.has(made.texts[text]!)) filled += 1
      offered.add(`${String(texts[0])}/${String(text)}`)
    }
  }
  expect(made.dataset.fillShare).toBeCloseTo(filled / pairsOf(made), 2)
  expect(made.dataset.repeatShare).toBe(0)
  expect(plan('high', 60).dataset.repeatShare).toBeGreaterThan(0.05)
  const warm = made.warmUp.flat()
  expect(made.warmUp.every((group) => group.length === 8)).toBe(true)
  for (const { texts } of warm) {
    for (const text of texts.slice(1)) {
      expect(offered).not.toContain(`${String(texts[0])}/${String(text)}`)
    }
  }
})

test.each(dialects)('$name: a filled template is the body that the dialect writes', (dialect) => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  fc.assert(
    fc.property(text, fc.array(text, { minLength: 1, maxLength: 5 }), (query, documents) => {
      const item: PlanItem = {
        index: 0,
        batch: 0,
        intendedSeconds: 0,
        documents: documents.length,
        characters: 0,
        texts: [query, ...documents].map((_, at) => at),
      }
      const composer = new BodyComposer(
        { [documents.length]: bodyTemplateOf(dialect, documents.length) },
        [query, ...documents],
      )
      expect(composer.compose(item).toString('utf8')).toBe(
        dialect.encodeRequest({
          query,
          documents,
          returnDocuments: false,
          rawScores: false,
          truncate: true,
          truncationDirection: 'right',
        }),
      )
    }),
    { numRuns: 50 },
  )
})

test('the files hold what another engine needs to send the same bytes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-plan-'))
  try {
    const made = plan('low', 2)
    const tei = dialects[0]!
    const bodies = bodiesOf(tei, made.items)
    const file = planFileOf(made, { dialect: 'tei', path: '/rerank', headers: {}, bodies })
    await writePlan(folder, made, file)
    const lines = (name: string) =>
      readFileSync(join(folder, name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
    const read = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as typeof file
    expect(read).toMatchObject({
      schema: 'rerankscope.plan/1',
      seed: 1,
      method: 'POST',
      path: '/rerank',
      counts: { requests: 10, batches: 10, pairs: 300, texts: made.texts.length },
    })
    const texts = lines('texts.ndjson') as string[]
    const items = lines('items.ndjson') as PlanItem[]
    expect(items).toEqual(made.items)
    const composer = new BodyComposer(bodies, made.texts)
    for (const item of items) {
      // As a k6 script would, with nothing but the three files.
      const body = (read.bodies[shapeKeyOf(item)] as BodyTemplate)
        .map((part) => (typeof part === 'string' ? part : JSON.stringify(texts[item.texts[part]!])))
        .join('')
      expect(body).toBe(composer.compose(item).toString('utf8'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
