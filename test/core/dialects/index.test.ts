import { describe, expect, test } from 'vitest'
import { dialectFor, dialectNamed, dialects, pathOf } from '../../../core/dialects/index.ts'

describe('whose a request is', () => {
  test.each([
    ['/rerank', { query: 'q', texts: ['a'] }, 'tei'],
    ['/rerank', undefined, 'tei'],
    ['/rerank', 'no object', 'tei'],
    ['/rerank/', { query: 'q', texts: ['a'] }, undefined],
    ['/nothing', { query: 'q', texts: ['a'] }, undefined],
  ])('%s with %j: %s', (path, body, name) => {
    expect(dialectFor(path, body)?.dialect.name).toBe(name)
  })

  test('every dialect answers at the path where its client asks', () => {
    for (const dialect of dialects) {
      const path = pathOf(dialect, 'a model/v1')
      expect(dialectFor(path, undefined, [dialect.name])?.dialect).toBe(dialectNamed(dialect.name))
    }
  })
})
