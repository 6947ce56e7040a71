import { expect, test } from 'vitest'
import { ScoreCache } from '../../../reference-server/infer/score-cache.ts'
import type { Truncation } from '../../../reference-server/tokenise/truncation.ts'

const usual: Truncation = { strategy: 'longest_first', lost: 'right', maximumTokens: 512 }
const text = (value: string, unread = false) => ({ text: value, unread })
const known = (logit: number) => ({ logit, tokens: 5, truncated: false })

test('a pair is known by both texts and how it was cut', () => {
  const cache = new ScoreCache(100_000)
  const [key = ''] = cache.keysOf(text('q'), [text('d')], usual)
  cache.keep(key, known(1.5))
  expect(cache.get(key)).toEqual(known(1.5))
  const others = [
    cache.keysOf(text('p'), [text('d')], usual),
    cache.keysOf(text('q'), [text('e')], usual),
    cache.keysOf(text('d'), [text('q')], usual),
    cache.keysOf(text('q'), [text('d', true)], usual),
    cache.keysOf(text('q'), [text('d')], { ...usual, strategy: 'only_second' }),
    cache.keysOf(text('q'), [text('d')], { ...usual, lost: 'left' }),
    cache.keysOf(text('q'), [text('d')], { ...usual, maximumTokens: 256 }),
  ]
  for (const [other = ''] of others) expect(cache.get(other)).toBeUndefined()
  expect(cache.keysOf(text('q'), [text('d'), text('e')], usual)[0]).toBe(key)
})

test('no text stands in a key', () => {
  const [key] = new ScoreCache(1000).keysOf(text('secret query'), [text('secret document')], usual)
  expect(key).not.toContain('secret')
})

test('a score that is no number is not kept', () => {
  const cache = new ScoreCache(1000)
  for (const logit of [Number.NaN, Infinity, -Infinity]) cache.keep('key', known(logit))
  expect(cache.size).toBe(0)
})

test('the memory is bounded: what was longest not used goes first', () => {
  const cache = new ScoreCache(440 * 10)
  for (let at = 0; at < 30; at += 1) {
    cache.keep(String(at), known(at))
    cache.get('0')
  }
  expect(cache.size).toBe(10)
  expect(cache.get('0')).toEqual(known(0))
  expect(cache.get('1')).toBeUndefined()
})
