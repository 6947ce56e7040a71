/**
 * Reads a data set, alone in its process, and says how much memory and time that took.
 *
 *   npm run build && node dist/bench/dataset.js PATH [queries]
 */
import { systemClock } from '../core/clock.ts'
import { loadDataset } from '../loadgen/dataset/index.ts'

const [path = 'synthetic', queries = '500'] = process.argv.slice(2)
const startSeconds = systemClock.monotonicSeconds()
const dataset = await loadDataset(path, { seed: 1, queries: Number(queries) })
const candidates = dataset.queries.flatMap((query) => query.candidates)
console.log(
  JSON.stringify({
    queries: dataset.queries.length,
    candidates: candidates.length,
    characters: candidates.reduce((sum, at) => sum + dataset.textOf(at).length, 0),
    seconds: systemClock.monotonicSeconds() - startSeconds,
    // Node counts it in kibibytes.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
)
