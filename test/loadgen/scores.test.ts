import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitCodes } from '../../core/errors.ts'
import { runLoad, type RunOptions } from '../../loadgen/index.ts'
import { readScores } from '../../loadgen/scores.ts'
import { FixtureServer } from './fixture-server.ts'

let folder: string
let server: FixtureServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-scores-'))
  server = await FixtureServer.start()
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
const file = () => join(folder, 'scores.jsonl')
const load = async (name: string, options: Partial<RunOptions>) => {
  const given = { target: server.url, profile: 'low', seconds: 1, out: join(folder, name) }
  const { summary } = await runLoad(
    { ...given, ...options },
    { signal: new AbortController().signal },
  )
  return summary
}

test('scores that were written are expected; another score makes its answer wrong', async () => {
  expect((await load('first', { writeScores: file() })).scores).toBeUndefined()
  const lines = readFileSync(file(), 'utf8').trimEnd().split('\n')
  expect(lines[0]).toBe('{"schema":"rerankscope.scores/1"}')
  expect(lines).toHaveLength(1 + 150)

  const same = await load('same', { expectScores: file() })
  expect(same.totals.byOutcome).toEqual({ ok: 5 })
  expect(same.scores).toEqual({
    tolerance: 0.01,
    comparedPairs: 150,
    unknownPairs: 0,
    wrongPairs: 0,
    maximumDifference: 0,
  })

  const changed = JSON.parse(lines[7]!) as { pair: string; score: number }
  lines[7] = JSON.stringify({ ...changed, score: changed.score + 0.25 })
  writeFileSync(file(), lines.slice(0, -1).join('\n'))
  const other = await load('other', { expectScores: file() })
  expect(other.totals.byOutcome).toEqual({ ok: 4, wrong_scores: 1 })
  expect(other.scores).toMatchObject({ comparedPairs: 149, unknownPairs: 1, wrongPairs: 1 })
  expect(other.scores?.maximumDifference).toBeCloseTo(0.25, 9)
  expect(other.notes).toContainEqual(
    expect.stringContaining('1 of 149 scores are not those expected'),
  )
  const lenient = await load('lenient', { expectScores: file(), scoreTolerance: 0.3 })
  expect(lenient.totals.byOutcome).toEqual({ ok: 5 })
})

test('a file with nothing of the run is refused, not passed', async () => {
  writeFileSync(file(), `{"schema":"rerankscope.scores/1"}\n{"pair":"${'0'.repeat(32)}","score":1}`)
  await expect(load('none', { expectScores: file() })).rejects.toMatchObject({
    exitCode: exitCodes.usage,
    message: expect.stringContaining('holds no pair of this run') as string,
  })
})

test.each([
  ['', /: holds no score\.$/],
  ['{"pair":"00"}\n', /line 1: the first line must be \{"schema":"rerankscope\.scores\/1"\}\.$/],
  ['{"schema":"rerankscope.scores/1"}\n', /: holds no score\.$/],
  ['{"schema":"rerankscope.scores/1"}\n{"pair":"xyz","score":1}', /line 2: pair is wrong\.$/],
  [`{"schema":"rerankscope.scores/1"}\n{"pair":"${'0'.repeat(32)}"}`, /line 2: score is wrong\.$/],
  ['{"schema":"rerankscope.scores/1"}\n{"pai', /line 2: is no \{pair, score\}\.$/],
])('a malformed file of scores: %s', async (content, message) => {
  writeFileSync(file(), content)
  await expect(readScores(file())).rejects.toThrow(message)
})

test('a key reaches the target, with every request, and no file', async () => {
  const before = server.arrivals.length
  await load('keyed', { apiKey: 'sk-s3cret' })
  const arrivals = server.arrivals.slice(before)
  expect(arrivals.length).toBeGreaterThanOrEqual(5)
  expect(arrivals.every(({ authorization }) => authorization === 'Bearer sk-s3cret')).toBe(true)
  for (const name of readdirSync(join(folder, 'keyed'))) {
    expect(readFileSync(join(folder, 'keyed', name), 'utf8')).not.toContain('s3cret')
  }
  await expect(
    load('both', { apiKey: 'k', target: server.url.replace('://', '://user:word@') }),
  ).rejects.toThrow('There is a key and a user in --target: give one of them.')
})
