import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../core/errors.ts'
import { mergeParts, readRun, type Run } from '../../../loadgen/index.ts'
import { turnOrder } from '../../../loadgen/alternate.ts'
import { summarize } from '../../../loadgen/measure/summarize.ts'
import { writeRun } from '../../../loadgen/report/folder.ts'
import { joinSegments } from '../../../loadgen/report/merge.ts'
import { madeRun } from './made-run.ts'

/** The requests of `whole` for which `mine` holds, as the generator that sent them tells of them. */
function partOf(whole: Run, folder: string, mine: (index: number) => boolean): Run {
  const observations = whole.observations.filter(({ index }) => mine(index))
  const totals = { planned: observations.length, unsent: 0, unfinished: 0 }
  const summary = summarize({ ...whole.summary, totals }, observations, whole.telemetry)
  return { ...whole, folder, observations, summary }
}

const whole = madeRun({ outcomeOf: (k) => (k === 7 ? 'timeout' : 'ok') })

test('parts of one plan are the run again', () => {
  const parts = [0, 1, 2].map((part) =>
    partOf(whole, `part-${String(part)}`, (index) => index % 3 === part),
  ) as [Run, Run, Run]
  const merged = mergeParts(parts)
  const { notes, engine } = merged.summary
  // What was merged is noted, and the generators' own figures are added up; all else is the same.
  const own = { notes: whole.summary.notes, engine: whole.summary.engine }
  expect({ ...merged.summary, ...own }).toEqual(whole.summary)
  expect(engine).toMatchObject({ maximumInFlight: 300, warmUp: { requests: 15, succeeded: 15 } })
  expect(notes.at(-1)).toBe('3 parts were merged; they began within 0 µs')
  expect(merged.observations).toEqual(whole.observations)
})

test('runs of two plans, or a part named twice, are refused', () => {
  const part = partOf(whole, 'part-0', (index) => index < 50)
  expect(() => mergeParts([part, madeRun({ name: 'high', folder: 'other' })])).toThrow(
    'other and part-0 are not parts of one plan: profile, seed, data set or target differ.',
  )
  expect(() => mergeParts([part, part])).toThrow(
    'Request 0 of the plan is in two of the folders: name each part once.',
  )
  expect(() => mergeParts([part, part])).toThrow(
    expect.objectContaining({ exitCode: exitCodes.usage }) as Error,
  )
})

test('runs that followed each other, as one', () => {
  const joined = joinSegments([madeRun({ seconds: 10 }), madeRun({ seconds: 10 })])
  expect(joined.summary).toMatchObject({
    profile: { seconds: 20 },
    validity: { valid: true },
    totals: { planned: 100, succeeded: 100, pairs: 3000 },
    throughput: { spanSeconds: expect.closeTo(20, 9) as number },
    gpu: null,
  })
  expect(joined.summary.latencySeconds.response.p50).toBeCloseTo(0.05, 9)
  expect(joined.observations.map(({ index }) => index)).toEqual([...Array(100).keys()])
})

test('turns: A B B A, and the other way round the next time', () => {
  expect(turnOrder(3)).toEqual([
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 2],
    [1, 2],
  ])
})

test('a line of telemetry that cannot be understood is left out and counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-merge-'))
  try {
    await writeRun({ ...whole, folder })
    const broken = [{ ...whole.telemetry[0], takenAtSeconds: 'soon' }, { devices: 3 }]
    for (const line of broken) {
      appendFileSync(join(folder, 'telemetry.ndjson'), `${JSON.stringify(line)}\n`)
    }
    const { summary, telemetry } = await readRun(folder)
    expect(telemetry).toHaveLength(22)
    expect(summary.gpu?.devices[0]?.name).toBe('NVIDIA H100')
    expect(summary.notes.at(-1)).toBe(
      '2 lines of telemetry.ndjson cannot be understood and are left out',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
