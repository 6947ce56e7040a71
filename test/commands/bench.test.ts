import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BenchFolder } from '../../commands/bench/bench-folder.ts'
import { lookAt, memoryFactsOf } from '../../commands/bench/device-watch.ts'
import { handshakeSecondsOf } from '../../commands/bench/handshake.ts'
import type { CellContext } from '../../commands/bench/cell.ts'
import { readMatrix, requireDatasets } from '../../commands/bench/matrix-file.ts'
import { lieOf } from '../../commands/bench/probe.ts'
import { measureQuality } from '../../commands/bench/quality.ts'
import { visitsOf, type CellRecord } from '../../comparison/index.ts'
import { systemClock } from '../../core/clock.ts'
import type { GpuView } from '../../core/snapshot.ts'
import { openReranker } from '../../loadgen/index.ts'
import { madeMatrix } from '../comparison/made-bench.ts'
import { ScoringServer, type Manners } from '../comparison/scoring-server.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-bench-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('a matrix file', () => {
  const read = (text: string) => {
    const path = join(folder, 'matrix.yaml')
    writeFileSync(path, text)
    return readMatrix(path)
  }

  test('everything wrong is told at once, each with its line', () => {
    expect(() =>
      read(
        'rounds: none\ntargets:\n  - name: a\n    serve:\n      model: embedded\n      dtype: fp8\n',
      ),
    ).toThrow(/matrix .*: line 6, targets\.0\.serve\.dtype: .*; line 1, rounds: /)
  })

  test('a twin that there is not is told with those that there are', () => {
    expect(() => read('targets: [{ name: a, serve: { twin: bge-gigantic } }]')).toThrow(
      /line 1, targets\.0\.serve\.twin: expected one of bge-reranker-v2-m3, /,
    )
  })

  test('paths are those of the file’s folder; names stay names', () => {
    mkdirSync(join(folder, 'model'))
    const { targets, quality, dataset } = read(
      [
        'quality: { dataset: labelled.jsonl }',
        'targets:',
        '  - { name: a, serve: { model: ./model } }',
        '  - { name: b, serve: { model: embedded } }',
        '  - { name: c, serve: { model: BAAI/bge-reranker-base } }',
        '  - { name: d, url: "http://x", apiKeyFile: key, tokenizer: tok.json }',
      ].join('\n'),
    )
    expect(targets.map(({ serve }) => serve?.model)).toEqual([
      ...[join(folder, 'model'), 'embedded', 'BAAI/bge-reranker-base', undefined],
    ])
    expect(quality?.dataset).toBe(join(folder, 'labelled.jsonl'))
    expect(dataset).toBe('synthetic')
    expect(targets[3]).toMatchObject({
      apiKeyFile: join(folder, 'key'),
      tokenizer: join(folder, 'tok.json'),
    })
  })

  test('a model that is a path and not there is refused', () => {
    expect(() => read('targets: [{ name: a, serve: { model: ./gone } }]')).toThrow(
      /gone, a model of the matrix, is not there; build or pull it first\.$/,
    )
  })
})

test('a data set that cannot be read is told before anything is measured', async () => {
  const labelled = join(folder, 'labelled.jsonl')
  const wrong = { ...madeMatrix, quality: { dataset: labelled, queries: 5 } }
  await expect(requireDatasets(wrong)).rejects.toThrow(/labelled\.jsonl/)
  await expect(requireDatasets({ ...wrong, quality: undefined })).resolves.toBeUndefined()
})

test('nobody goes on asking a target for its quality that did not answer once', async () => {
  let asked = 0
  const answers: (() => void)[] = []
  const ask = async () => {
    asked += 1
    if (asked === 2) throw new Error('no answer')
    await new Promise<void>((resolve) => answers.push(resolve))
    return []
  }
  const measured = measureQuality({
    matrix: { ...madeMatrix, quality: { dataset: 'synthetic', queries: 40 } },
    open: { reranker: { ask } },
    ...{ folder, signal: new AbortController().signal },
  } as unknown as CellContext)
  await expect(measured).rejects.toThrow('no answer')
  for (const answer of answers) answer()
  await new Promise((resolve) => setImmediate(resolve))
  // Those that were on their way, and none after them.
  expect(asked).toBe(4)
})

describe('the folder', () => {
  const { cells } = visitsOf(madeMatrix)[0]!
  const [cell, other] = [cells[0]!, cells[1]!]
  const recordOf = ({ id, fingerprint }: typeof cell): Omit<CellRecord, 'schema'> => ({
    ...{ id, fingerprint, state: 'failed', reason: 'it was too late' },
    ...{ startedAt: '2026-11-25T10:00:00.000Z', endedAt: '2026-11-25T10:00:30.000Z' },
  })

  test('knows again what was added, and nothing of another measurement', async () => {
    const first = await BenchFolder.open(folder, false)
    await first.add(recordOf(cell))
    const again = await BenchFolder.open(folder, false)
    expect(again.recordOf(cell)).toEqual({ schema: 'rerankscope.bench-cell/1', ...recordOf(cell) })
    expect(again.recordOf(other)).toBeUndefined()
    expect(again.recordOf({ ...cell, fingerprint: 'another' })).toBeUndefined()
  })

  test('a line that was cut off is taken away, and the next one is whole', async () => {
    await (await BenchFolder.open(folder, false)).add(recordOf(cell))
    const path = join(folder, 'journal.ndjson')
    appendFileSync(path, '{"schema":"rerankscope.bench-cell/1","id":"v2-')
    await (await BenchFolder.open(folder, false)).add(recordOf(other))
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2)
    expect((await BenchFolder.open(folder, false)).recordOf(other)?.state).toBe('failed')
  })

  test('that holds something else is left alone', async () => {
    writeFileSync(join(folder, 'thesis.doc'), 'x')
    await expect(BenchFolder.open(folder, true)).rejects.toThrow(
      /holds thesis\.doc, which is of no comparison; name another folder\.$/,
    )
  })

  test('a journal that is none is refused; --force begins anew', async () => {
    writeFileSync(join(folder, 'journal.ndjson'), 'no JSON\n')
    await expect(BenchFolder.open(folder, false)).rejects.toThrow(
      /line 1: .*this is no journal of ours; --force begins anew\.$/,
    )
    const anew = await BenchFolder.open(folder, true)
    expect(anew.recordOf(cell)).toBeUndefined()
  })
})

describe('the memory of a device', () => {
  const gpu = (usedBytes: number, processes: readonly (readonly [number, number | undefined])[]) =>
    ({
      up: true,
      sample: { memoryUsedBytes: usedBytes },
      inventory: {
        processes: processes.map(([pid, memoryUsedBytes]) => ({ pid, memoryUsedBytes })),
      },
    }) as unknown as GpuView

  test('is the difference, and that of the processes that came', () => {
    const before = lookAt({ gpus: [gpu(500, [[1, 400]]), gpu(10, [])] })
    const now = lookAt({
      gpus: [
        gpu(2600, [
          [1, 400],
          [7, 1900],
        ]),
        gpu(110, [[8, 90]]),
      ],
    })
    expect(memoryFactsOf(before, now)).toEqual({
      ...{ of: 'device', beforeBytes: 510, loadedBytes: 2710, processBytes: 1990 },
    })
  })

  test('where the driver tells no process it is the difference alone; a GPU that is down has none', () => {
    const before = lookAt({ gpus: [gpu(500, [])] })
    const now = lookAt({ gpus: [gpu(900, [[7, undefined]]), { ...gpu(9, []), up: false }] })
    expect(memoryFactsOf(before, now)).toEqual({ of: 'device', beforeBytes: 500, loadedBytes: 900 })
  })
})

describe('the questions before the tests', () => {
  const asked = async (manners: Manners) => {
    const server = await ScoringServer.start(manners)
    try {
      const signal = new AbortController().signal
      return await lieOf(await openReranker({ target: server.url, dialect: 'tei' }, signal))
    } finally {
      server.stop()
    }
  }

  test('find nothing wrong with scores that the texts decide', async () => {
    expect(await asked({})).toBeUndefined()
  })

  test('find a constant, and scores that the order decides', async () => {
    expect(await asked({ scoreOf: () => 0.25 })).toContain('the same score (0.25)')
    let count = 0
    expect(await asked({ scoreOf: () => (count += 1) / 10 })).toContain('two scores')
  })

  test('a refusal is told with its status', async () => {
    await expect(asked({ status: () => 503 })).rejects.toThrow(
      /did not answer a question: status 503\.$/,
    )
  })
})

test('a handshake is timed where a target runs elsewhere or is looked at from outside', async () => {
  const server = await ScoringServer.start()
  const [target] = madeMatrix.targets
  const here = { ...target!, url: server.url }
  expect(await handshakeSecondsOf(here, server.url, systemClock)).toBeUndefined()
  const outside = await handshakeSecondsOf({ ...here, outside: true }, server.url, systemClock)
  expect(outside).toBeGreaterThan(0)
  server.stop()
  expect(
    await handshakeSecondsOf({ ...here, outside: true }, server.url, systemClock),
  ).toBeUndefined()
})
