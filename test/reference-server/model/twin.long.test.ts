import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compiledModule } from '../../../core/program.ts'

const gibibyte = 1024 ** 3
const mostBytes = 2 * gibibyte

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-twin-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Runs our command in a process that says at its end how much memory it had at most, in bytes. */
async function peakOf(...words: readonly string[]): Promise<number> {
  const report = `process.on('exit', () => console.error('PEAK ' + process.resourceUsage().maxRSS))`
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${report}`, compiledModule('cli.js'), ...words],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  )
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const [code] = (await once(child, 'close')) as [number]
  expect(errors.replace(/^PEAK.*$/m, '').trim()).toBe('')
  expect(code).toBe(0)
  return Number(/^PEAK (\d+)$/m.exec(errors)?.[1]) * 1024
}

test.each([
  // 2.27 GB of float32: more than an ONNX file may hold.
  ['fp32', 'model.onnx', 2.2e9],
  ['fp16', 'model_fp16.onnx', 1.1e9],
  ['int8', 'model_int8.onnx', 0.55e9],
] as const)(
  'the twin of v2-m3 as %s is built in less than 2 GiB of memory',
  async (dtype, graph, leastBytes) => {
    const { bavail, bsize } = statfsSync(folder)
    expect(bavail * bsize, 'this test needs 3 GiB of disk').toBeGreaterThan(3 * gibibyte)
    const peak = await peakOf(
      ...['model', 'build', '--twin', 'bge-reranker-v2-m3', '--dtype', dtype, '--out', folder],
    )
    console.log(`${dtype}: ${(peak / gibibyte).toFixed(2)} GiB at most`)
    expect(peak).toBeLessThan(mostBytes)
    expect(statSync(join(folder, `${graph}_data`)).size).toBeGreaterThan(leastBytes)
    expect(statSync(join(folder, graph)).size).toBeLessThan(1e6)
  },
)
