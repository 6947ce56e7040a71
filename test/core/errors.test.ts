import { expect, test } from 'vitest'
import { usageError } from '../../core/errors.ts'

test('what a person reads is one line, whatever is quoted in it', () => {
  const { message } = usageError(
    '--policy p.yaml cannot be read: line 1, column 4:\n\na: b: c\n   ^\n',
  )
  expect(message).toBe('--policy p.yaml cannot be read: line 1, column 4: a: b: c ^')
})
