import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from '../../../sidecar/normalise/lines.ts'

test('however the text is cut into chunks, the lines are the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ',', '\n', '\r', '雪') })),
      (chunks) => {
        const splitter = new LineSplitter(1000)
        const lines = chunks.flatMap((chunk) => splitter.push(chunk))
        const expected = chunks
          .join('')
          .split('\n')
          .slice(0, -1)
          .map((line) => line.replace(/\r$/, ''))
        expect(lines).toEqual(expected)
      },
    ),
  )
})

test('an overlong line is left out and counted once, and the next one is read', () => {
  const splitter = new LineSplitter(10)
  expect(splitter.push('x'.repeat(8))).toEqual([])
  expect(splitter.push('x'.repeat(8))).toEqual([])
  expect(splitter.push('x'.repeat(8))).toEqual([])
  expect(splitter.droppedLines).toBe(1)
  expect(splitter.push('end\n0123456789\n01234567890\nok\n')).toEqual(['0123456789', 'ok'])
  expect(splitter.droppedLines).toBe(2)
})
