import { expect, test } from 'vitest'
import { checkCacheRoom } from '../../reference-server/cache-room.ts'

const gib = 2 ** 30

test.each([
  [{ cacheBytes: gib / 16 }],
  [{ cacheBytes: 9 * gib }],
  [{ cacheBytes: 0, scoreCacheBytes: 4.5 * gib }],
  [{ cacheBytes: 3 * gib, scoreCacheBytes: 3 * gib }],
])('%j fits into a heap of 4 GiB', (caches) => {
  expect(() => {
    checkCacheRoom(caches, 4 * gib)
  }).not.toThrow()
})

test.each([
  [{ cacheBytes: 9.1 * gib }],
  [{ cacheBytes: 0, scoreCacheBytes: 4.6 * gib }],
  [{ cacheBytes: 3.2 * gib, scoreCacheBytes: 3 * gib }],
])('%j does not, and the sentence says what would help', (caches) => {
  expect(() => {
    checkCacheRoom(caches, 4 * gib)
  }).toThrow(
    /ends at 4\.00 GiB: lower --cache-mib and --score-cache-mib, or .*--max-old-space-size/,
  )
})
