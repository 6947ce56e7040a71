import { describe, expect, test } from 'vitest'
import { exportFiles } from '../../commands/export.ts'
import type { CommandContext } from '../../commands/command.ts'

describe('where files go', () => {
  const context = { stdout: process.stdout } as unknown as CommandContext

  test.each([undefined, ''])('--out %j is refused: nothing goes where nobody asked', (out) => {
    expect(() => {
      exportFiles(out, [['a.txt', 'a']], context)
    }).toThrow('Say where to export to, with --out DIR.')
  })
})
