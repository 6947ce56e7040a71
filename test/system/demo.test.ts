import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readRun } from '../../loadgen/index.ts'
import { Rerankscope, type Ended } from './processes.ts'

const seconds = 4

describe('npm start: the main job end to end', () => {
  let folder: string
  let demo: Rerankscope
  let ended: Ended

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-demo-'))
    demo = new Rerankscope(['demo', '--seconds', String(seconds), '--out', folder])
    ended = await demo.ended
  }, 120_000)
  afterAll(() => {
    demo.end()
    rmSync(folder, { recursive: true, force: true })
  })

  test('ends with exit 0 and leaves no process behind', async () => {
    expect(ended.stderr).not.toContain('bug')
    expect([0, 4]).toContain(ended.code)
    expect(await demo.remaining(5)).toEqual([])
  })

  test('low: valid, nothing failed, the contract’s figures', async () => {
    const { summary } = await readRun(join(folder, 'low'))
    expect(summary.validity.reasons).toEqual([])
    expect(summary.totals).toMatchObject({ requests: 20, succeeded: 20, failed: 0, pairs: 600 })
    expect(summary.profile).toMatchObject({ name: 'low', queriesPerSecond: 5, queriesPerBatch: 1 })
    expect(summary.target).toMatchObject({
      dialect: 'tei',
      server: 'rerankscope',
      model: 'embedded',
    })
    expect(summary.byShape.map(({ documents }) => documents)).toEqual([10, 20, 30, 40, 50])
    expect(summary.gpu?.source).toBe('emulated')
    expect(summary.gpu?.devices[0]?.name).toBe('emulated, not a GPU')
  })

  test('high: batches of 8 × 50, all answered', async () => {
    const { summary } = await readRun(join(folder, 'high'))
    expect(summary.totals).toMatchObject({ requests: 80, failed: 0, pairs: 4000 })
    expect(summary.profile).toMatchObject({ queriesPerSecond: 20, queriesPerBatch: 8 })
  })

  test('every file of a run folder is there, and the table names both profiles', () => {
    for (const profile of ['low', 'high']) {
      const lines = (file: string) =>
        readFileSync(join(folder, profile, file), 'utf8')
          .trimEnd()
          .split('\n').length
      const requests = profile === 'low' ? 20 : 80
      expect(lines('items.ndjson')).toBe(requests)
      expect(lines('observations.ndjson')).toBe(requests)
      expect(readFileSync(join(folder, profile, 'report.html'), 'utf8')).toMatch(
        /^<!doctype html>/i,
      )
      expect(ended.stdout).toMatch(new RegExp(`\\b${profile}\\b`))
    }
  })
})

describe('a demo that is stopped', () => {
  let demo: Rerankscope
  afterEach(() => {
    demo.end()
  })

  test.each([
    ['SIGINT', 0.2],
    ['SIGINT', 1],
    ['SIGTERM', 3],
    ['SIGKILL', 3],
  ] as const)('by %s after %d s leaves no process behind', async (signal, afterSeconds) => {
    const out = mkdtempSync(join(tmpdir(), 'rerankscope-demo-'))
    demo = new Rerankscope(['demo', '--seconds', '30', '--out', out])
    await sleep(afterSeconds * 1000)
    demo.child.kill(signal)
    await demo.ended
    expect(await demo.remaining(15)).toEqual([])
    rmSync(out, { recursive: true, force: true })
  })
})
