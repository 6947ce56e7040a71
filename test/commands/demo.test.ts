import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CommandContext } from '../../commands/command.ts'
import { startProgram } from '../../commands/children.ts'
import { demo } from '../../commands/demo.ts'
import { parseCommandLine } from '../../commands/parser.ts'
import { systemClock } from '../../core/clock.ts'

describe('what is wrong is said before anything starts', () => {
  const given = {
    seconds: 3,
    profiles: 'low',
    out: undefined,
    force: false,
    keep: false,
    positional: {},
  }
  // Without a stream to write to: whatever starts would say so, and fail otherwise.
  const context = { signal: new AbortController().signal } as CommandContext

  test.each([
    [{ seconds: 0 }, '--seconds must be more than 0.'],
    [{ seconds: -3 }, '--seconds must be more than 0.'],
    [{ out: '' }, '--out is empty: name a folder, or leave it out.'],
    [
      { profiles: '' },
      '--profiles must name profiles with commas between them (low,high,t2-natural,grid), not "".',
    ],
    [
      { profiles: 'low,medium' },
      '--profiles must name profiles with commas between them (low,high,t2-natural,grid), not "low,medium".',
    ],
    [{ profiles: 'low,low' }, '--profiles names a profile twice ("low,low"): name each once.'],
  ])('%j', async (wrong, sentence) => {
    await expect(demo.run({ ...given, ...wrong }, context)).rejects.toThrow(sentence)
  })

  test('a run in the folder of the second profile', async () => {
    const out = mkdtempSync(join(tmpdir(), 'rerankscope-demo-'))
    mkdirSync(join(out, 'high'))
    writeFileSync(join(out, 'high', 'run.json'), '{}')
    await expect(demo.run({ ...given, profiles: 'low,high', out }, context)).rejects.toThrow(
      `--out ${join(out, 'high')} is not empty`,
    )
    expect(readFileSync(join(out, 'high', 'run.json'), 'utf8')).toBe('{}')
    rmSync(out, { recursive: true })
  })
})

test('--force, which a folder in use asks for, is an option here too', async () => {
  const words = ['demo', '--out', 'runs/first', '--force']
  const parsed = await parseCommandLine(words, { version: '0', columns: 80 })
  expect(parsed?.args).toMatchObject({ out: 'runs/first', force: true })
})

test('Ctrl-C in a terminal does not reach what the demo started: it stops its programs itself', async () => {
  const program = await startProgram(
    ['sidecar', '--gpu', 'none', '--target', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0'],
    { clock: systemClock, signal: new AbortController().signal },
  )
  try {
    // A terminal signals a group. This throws when the program leads none of its own.
    expect(process.kill(-program.pid, 0)).toBe(true)
  } finally {
    await program.stop()
  }
  expect(() => process.kill(program.pid, 0)).toThrow('ESRCH')
})
