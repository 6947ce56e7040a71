import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compiledModule } from '../../../core/program.ts'

const run = promisify(execFile)
const passages = 1_000_000
const queries = 24_832
const candidatesPerQuery = 16
/** As in the real collection: 3.66 GB for 2.3 million passages. */
const bytesPerPassage = 1588
const megabyte = 1e6

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-collection-'))
  const text = '检索排序模型的输入长度决定计算量，'.repeat(60)
  const write = async (name: string, lines: number, lineOf: (at: number) => string) => {
    const file = await open(join(folder, name), 'w')
    let block = ''
    for (let at = 0; at < lines; at += 1) {
      block += lineOf(at)
      if (block.length < megabyte) continue
      await file.write(block)
      block = ''
    }
    await file.write(block)
    await file.close()
  }
  // Around the mean, three bytes a character.
  const lengthOf = (at: number) =>
    Math.round((bytesPerPassage / 3) * (0.2 + (1.6 * ((at * 7919) % 1000)) / 1000))
  await write('collection.tsv', passages, (at) => `${String(at)}\t${text.slice(0, lengthOf(at))}\n`)
  await write('queries.dev.tsv', queries, (at) => `${String(at)}\t查询${String(at)}\n`)
  await write('qrels.dev.tsv', queries * candidatesPerQuery, (at) => {
    const query = Math.floor(at / candidatesPerQuery)
    return `${String(query)}\t0\t${String((at * 104_729) % passages)}\t${String(at % 4)}\n`
  })
}, 600_000)
afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('a collection of 1 M passages is read under 300 MB', async () => {
  const reader = compiledModule('bench/dataset.js')
  const { stdout } = await run(process.execPath, [reader, folder, '2000'])
  const read = JSON.parse(stdout) as Readonly<Record<string, number>>
  console.log(
    `1 M passages: ${(read.peakBytes! / megabyte).toFixed(0)} MB at the most, ${read.seconds!.toFixed(1)} s`,
  )
  expect(read.queries).toBe(2000)
  expect(read.candidates).toBe(2000 * candidatesPerQuery)
  expect(read.characters).toBeGreaterThan(2000 * candidatesPerQuery * 100)
  expect(read.peakBytes).toBeLessThan(300 * megabyte)
})
