import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { parquetWriteBuffer } from 'hyparquet-writer'
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

async function readingOf(path: string): Promise<Readonly<Record<string, number>>> {
  const reader = compiledModule('bench/dataset.js')
  const { stdout } = await run(process.execPath, [reader, path, '2000'])
  const read = JSON.parse(stdout) as Readonly<Record<string, number>>
  console.log(
    `${basename(path)}: ${(read.peakBytes! / megabyte).toFixed(0)} MB at the most, ${read.seconds!.toFixed(1)} s`,
  )
  expect(read.queries).toBe(2000)
  expect(read.candidates).toBe(2000 * candidatesPerQuery)
  expect(read.characters).toBeGreaterThan(2000 * candidatesPerQuery * 100)
  return read
}

test('a collection of 1 M passages is read under 300 MB', async () => {
  expect((await readingOf(folder)).peakBytes).toBeLessThan(300 * megabyte)
})

test('a corpus of 97,422 documents in parquet is read under 300 MB', async () => {
  const set = join(folder, 'mteb')
  const count = 97_422
  const text = '检索排序模型的输入长度决定计算量，'.repeat(60)
  const table = (part: string, columns: Readonly<Record<string, readonly unknown[]>>) => {
    mkdirSync(join(set, part), { recursive: true })
    const columnData = Object.entries(columns).map(([name, data]) => ({ name, data: [...data] }))
    const bytes = parquetWriteBuffer({ columnData, rowGroupSize: 1000 })
    writeFileSync(join(set, part, 'dev-00000-of-00001.parquet'), new Uint8Array(bytes))
  }
  const numbers = (length: number) => Array.from({ length }, (_, at) => at)
  const documents = numbers(count)
  table('corpus', {
    _id: documents.map((at) => `d${String(at)}`),
    title: documents.map(() => ''),
    text: documents.map((at) => `${String(at)}${text.slice(0, 200 + ((at * 7919) % 820))}`),
  })
  const asked = numbers(5908)
  table('queries', {
    _id: asked.map((at) => `q${String(at)}`),
    text: asked.map((at) => `查询${String(at)}`),
  })
  const pairs = numbers(5908 * candidatesPerQuery)
  table('qrels', {
    'query-id': pairs.map((at) => `q${String(Math.floor(at / candidatesPerQuery))}`),
    'corpus-id': pairs.map((at) => `d${String((at * 104_729) % count)}`),
    score: pairs.map((at) => at % 2),
  })
  expect((await readingOf(set)).peakBytes).toBeLessThan(300 * megabyte)
}, 120_000)
