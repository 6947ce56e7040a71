import { expect, test } from 'vitest'
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
  return { tokeniser, calls, lookUps }
}

test('a document seen before is not split again; the query always is', async () => {
  const { tokeniser, calls, lookUps } = setup(100_000)
  const first = await tokeniser.encode('q', ['a', 'b'], 'right')
  const second = await tokeniser.encode('q', ['b', 'c'], 'right')
  expect(calls).toEqual([
    ['q', 'a', 'b'],
    ['q', 'c'],
  ])
  expect(second.documents.map((ids) => [...ids])).toEqual([[98], [99]])
  expect(first.documents[1]).toEqual(second.documents[0])
  expect(lookUps).toEqual({ hits: 1, misses: 3 })
})

test('the two truncation sides are kept apart', async () => {
  const { tokeniser, lookUps } = setup(100_000)
  await tokeniser.encode('q', ['a'], 'right')
  await tokeniser.encode('q', ['a'], 'left')
  expect(lookUps).toEqual({ hits: 0, misses: 2 })
})

test('the memory is bounded: what was long not used is forgotten', async () => {
  const { tokeniser, lookUps } = setup(1000)
  for (const document of ['a', 'b', 'c', 'd', 'e', 'a']) {
    await tokeniser.encode('q', [document], 'right')
  }
  expect(lookUps).toEqual({ hits: 0, misses: 6 })
})

test('of a huge text only the side that can be used leaves the main thread', async () => {
  const { tokeniser, calls } = setup(0)
  await tokeniser.encode('q', ['x'.repeat(100_000) + 'y'], 'left')
  expect(calls[0]?.[1]?.length).toBe(640)
  expect(calls[0]?.[1]?.endsWith('y')).toBe(true)
})
