import { getHeapStatistics } from 'node:v8'
import { usageError } from '../core/errors.ts'
import { formatBytes } from '../core/units.ts'

/** How much of what the caches are charged lies in V8's heap, as measured over 300,000 entries each. */
const heapShare = { scores: 2 / 3, tokens: 1 / 3 }
/** The rest of the heap is for the requests under way. */
const usableShare = 3 / 4

/**
 * Throws a usage error when the caches, once they are full, would end the process: V8's heap has a limit
 * of its own, whatever memory the machine has.
 */
export function checkCacheRoom(
  {
    cacheBytes,
    scoreCacheBytes = 0,
  }: { readonly cacheBytes: number; readonly scoreCacheBytes?: number },
  heapLimitBytes = getHeapStatistics().heap_size_limit,
): void {
  const needed = heapShare.tokens * cacheBytes + heapShare.scores * scoreCacheBytes
  if (needed <= usableShare * heapLimitBytes) return
  throw usageError(
    `The caches would take ${formatBytes(needed)} of Node's heap, which ends at ${formatBytes(heapLimitBytes)}: lower --cache-mib and --score-cache-mib, or raise the heap with NODE_OPTIONS=--max-old-space-size=MIB.`,
  )
}

/** A map of V8's cannot hold more, and throws then. */
export const mostEntries = 2 ** 24
