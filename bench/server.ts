/**
 * What the reference server is fast at, against what. Everything is compared by turns on the same
 * machine: read the ratios, not the rates.
 *
 *   npm run build && node dist/bench/server.js [section …]
 *
 * Sections: throughput, tokenising, cache, shorter, saturation, memory. All of them take some ten minutes.
 */
import { availableParallelism } from 'node:os'
import { memorySection, saturationSection } from './server/service.ts'
import { randomModel } from './server/model.ts'
import {
  cacheSection,
  shorterSection,
  throughputSection,
  tokenisingSection,
} from './server/sections.ts'

const sections = {
  throughput: throughputSection,
  tokenising: tokenisingSection,
  cache: cacheSection,
  shorter: shorterSection,
  saturation: saturationSection,
  memory: memorySection,
} as const

const wanted = process.argv.slice(2)
const { directory, remove } = randomModel()
console.log(`${String(availableParallelism())} cores, Node.js ${process.version}`)
try {
  for (const [name, run] of Object.entries(sections)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.log(`\n${name}`)
    await run(directory)
  }
} finally {
  remove()
}
