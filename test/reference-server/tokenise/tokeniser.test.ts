import { expect, test } from 'vitest'
import type { LostPart } from '../../../reference-server/tokenise/truncation.ts'
import { Tokeniser } from '../../../reference-server/tokenise/tokeniser.ts'

function setup(cacheBytes: number) {
  const calls: (readonly string[])[] = []
  const lookUps = { hits: 0, misses: 0 }
  const tokeniser = new Tokeniser({
    pool: {
      encode: (texts) => {
        calls.push(texts)
        return Promise.resolve(texts.map((text) => Int32Array.from(text, (c) => c.charCodeAt(0))))
      },
    },
    limit: 10,
    cacheBytes,
    onLookUp: (hits, misses) => {
      lookUps.hits += hits
      lookUps.misses += misses
    },
  })
  const encode = (query: string, documents: string[], lost: LostPart, bypassCache = false) =>
    tokeniser.encode(
      tokeniser.ready(query, lost),
      documents.map((text) => tokeniser.ready(text, lost)),
      { lost, bypassCache },
    )
  return { tokeniser, encode, calls, lookUps }
}

test('a document seen before is not split again; the query always is', async () => {
  const { encode, calls, lookUps } = setup(100_000)
  const first = await encode('q', ['a', 'b'], 'right')
  const second = await encode('q', ['b', 'c'], 'right')
  expect(calls).toEqual([
    ['q', 'a', 'b'],
    ['q', 'c'],
  ])
  expect(second.documents.map(({ ids }) => [...ids])).toEqual([[98], [99]])
  expect(first.documents[1]).toEqual(second.documents[0])
  expect(lookUps).toEqual({ hits: 1, misses: 3 })
})

test('the two truncation sides are kept apart', async () => {
  const { encode, lookUps } = setup(100_000)
  await encode('q', ['a'], 'right')
  await encode('q', ['a'], 'left')
  expect(lookUps).toEqual({ hits: 0, misses: 2 })
})

test('the memory is bounded: what was long not used is forgotten', async () => {
  const { encode, lookUps } = setup(1000)
  for (const document of ['a', 'b', 'c', 'd', 'e', 'a']) {
    await encode('q', [document], 'right')
  }
  expect(lookUps).toEqual({ hits: 0, misses: 6 })
})

test('of a huge text only the side that can be used leaves the main thread', async () => {
  const { encode, calls } = setup(0)
  await encode('q', ['x'.repeat(100_000) + 'y'], 'left')
  expect(calls[0]?.[1]?.length).toBe(640)
  expect(calls[0]?.[1]?.endsWith('y')).toBe(true)
})

test('who bypasses the memory neither reads nor writes it', async () => {
  const { encode, calls, lookUps } = setup(100_000)
  await encode('q', ['a'], 'right')
  await encode('q', ['a', 'b'], 'right', true)
  await encode('q', ['a', 'b'], 'right')
  expect(calls).toEqual([
    ['q', 'a'],
    ['q', 'a', 'b'],
    ['q', 'b'],
  ])
  expect(lookUps).toEqual({ hits: 1, misses: 2 })
})

test('a text knows whether something of it that is not blank was never read', () => {
  const { tokeniser } = setup(0)
  const unread = (text: string, lost: LostPart) => tokeniser.ready(text, lost).unread
  const blanks = ' '.repeat(5000)
  for (const lost of ['left', 'right', 'middle'] as const) {
    expect(unread('x'.repeat(640), lost)).toBe(false)
    expect(unread(`${blanks}${blanks}`, lost)).toBe(false)
    expect(unread(`${blanks}word${blanks}`, lost)).toBe(true)
  }
  expect(unread(`${blanks}word`, 'right')).toBe(true)
  expect(unread(`${blanks}word`, 'left')).toBe(false)
  expect(unread(`word${blanks}`, 'right')).toBe(false)
  expect(unread(`head${blanks}tail`, 'middle')).toBe(false)
})

test('of a huge text whose middle can be lost both ends leave the main thread', async () => {
  const { encode, calls } = setup(0)
  await encode('q', [`a${'x'.repeat(100_000)}y`], 'middle')
  expect(calls[0]?.[1]?.length).toBeLessThanOrEqual(640)
  expect(calls[0]?.[1]).toMatch(/^ax+ x+y$/)
})
