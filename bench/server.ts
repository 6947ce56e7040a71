/**
 * What the reference server is fast at, against what. Everything is compared by turns on the same
 * machine: read the ratios, not the rates.
 *
 *   npm run build && node dist/bench/server.js [section …]
 *
 * Sections: throughput, tokenising, cache, shorter, int8, saturation, memory. All of them take some ten minutes.
 */
import { availableParallelism } from 'node:os'
import { memorySection, runCallers, saturationSection } from './server/service.ts'
import { randomModels } from './server/model.ts'
import {
  cacheSection,
  int8Section,
  shorterSection,
  throughputSection,
  tokenisingSection,
} from './server/sections.ts'

const sections = {
  throughput: throughputSection,
  tokenising: tokenisingSection,
  cache: cacheSection,
  shorter: shorterSection,
  int8: int8Section,
  saturation: saturationSection,
  memory: memorySection,
} as const

if (process.argv[2] === 'callers') {
  await runCallers(process.argv[3] ?? '')
  process.exit(0)
}
const wanted = process.argv.slice(2)
const { models, remove } = await randomModels()
console.log(`${String(availableParallelism())} cores, Node.js ${process.version}`)
try {
  for (const [name, run] of Object.entries(sections)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.log(`\n${name}`)
    await run(models)
  }
} finally {
  remove()
}
