import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeTraceHeader,
  decodeTraceRequest,
  encodeTraceHeader,
  encodeTraceRequest,
} from '../../core/trace.ts'

test('the format, as other programs may write it', () => {
  expect(encodeTraceHeader({ startedAt: '2026-11-22T15:04:05.000Z', texts: false })).toBe(
    '{"schema":"rerankscope.trace/1","startedAt":"2026-11-22T15:04:05.000Z","texts":false}',
  )
  expect(
    encodeTraceRequest({
      offsetSeconds: 1.23456789,
      queries: 1,
      documents: 2,
      queryCharacters: 11,
      documentCharacters: [840, 12],
    }),
  ).toBe(
    '{"offsetSeconds":1.234568,"queries":1,"documents":2,"queryCharacters":11,"documentCharacters":[840,12]}',
  )
})

test('what is written is read again', () => {
  const natural = fc.integer({ min: 0, max: 100_000 })
  const request = fc
    .array(fc.string({ unit: 'grapheme', maxLength: 5 }), { minLength: 1, maxLength: 8 })
    .chain((documents) =>
      fc.record({
        offsetSeconds: natural.map((milliseconds) => milliseconds / 1000),
        queries: fc.constant(1),
        documents: fc.constant(documents.length),
        queryCharacters: fc.option(natural, { nil: undefined }),
        documentCharacters: fc.constant(documents.map(({ length }) => length)),
        tokens: fc.option(natural, { nil: undefined }),
        group: fc.option(fc.string(), { nil: undefined }),
        texts: fc.option(fc.constant({ query: 'q', documents }), { nil: undefined }),
      }),
    )
  fc.assert(
    fc.property(request, (given) => {
      const defined = Object.entries(given).filter(([, value]) => value !== undefined)
      expect(decodeTraceRequest(encodeTraceRequest(given))).toEqual(Object.fromEntries(defined))
    }),
  )
  const header = { startedAt: '2026-11-22T16:04:05+01:00', texts: true, recorder: 'rerankscope 1' }
  expect(decodeTraceHeader(encodeTraceHeader(header))).toEqual({
    schema: 'rerankscope.trace/1',
    ...header,
  })
})

test.each([
  ['{"offsetSeconds": 1', 'not a line of JSON'],
  ['[]', 'the line: must be a mapping of keys to values'],
  ['{"documents": 2}', 'offsetSeconds: is missing'],
  ['{"offsetSeconds": -1, "documents": 2}', /^offsetSeconds: /],
  ['{"offsetSeconds": 0, "documents": 0}', /^documents: /],
  ['{"offsetSeconds": 0, "documents": 1e9}', /^documents: /],
  ['{"offsetSeconds": 0, "queries": 3, "documents": 2}', 'documents: fewer than there are queries'],
  [
    '{"offsetSeconds": 0, "documents": 2, "documentCharacters": [1]}',
    'documentCharacters: expected 2 numbers, as many as documents',
  ],
  [
    '{"offsetSeconds": 0, "documents": 2, "texts": {"query": "secret", "documents": ["d"]}}',
    'texts: expected one query and 2 documents',
  ],
])('a line that is no request: %s', (line, message) => {
  expect(() => decodeTraceRequest(line)).toThrow(message)
})

test.each([
  ['{"schema":"rerankscope.trace/2","startedAt":"2026-11-22T15:04:05Z"}', /^schema: /],
  ['{"schema":"rerankscope.trace/1","startedAt":"yesterday"}', /^startedAt: /],
])('a line that is no header: %s', (line, message) => {
  expect(() => decodeTraceHeader(line)).toThrow(message)
})
