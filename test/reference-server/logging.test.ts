import { expect, test } from 'vitest'
import { serverLog } from '../../reference-server/logging.ts'
import type { RequestRecord } from '../../reference-server/record.ts'

const clock = { wallSeconds: () => 1_800_000_000.5 }
const record: RequestRecord = {
  outcome: 'ok',
  startSeconds: 10,
  endSeconds: 10.25,
  documents: 3,
  stages: [
    { name: 'tokenise', startSeconds: 10, endSeconds: 10.05 },
    { name: 'queue', startSeconds: 10.05, endSeconds: 10.1 },
    { name: 'infer', startSeconds: 10.1, endSeconds: 10.25 },
  ],
  tokens: 99,
  truncatedPairs: 1,
  cachedPairs: 0,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

function linesOf(format: 'text' | 'json') {
  const lines: string[] = []
  return { lines, ...serverLog(format, (line) => lines.push(line), clock) }
}

test('json: one object a line, for what is said and for each request', () => {
  const { lines, log, onRequest } = linesOf('json')
  log('The inference process died (SIGKILL); it is being started again.')
  onRequest?.(record)
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      time: '2027-01-15T08:00:00.500Z',
      level: 'warn',
      message: 'The inference process died (SIGKILL); it is being started again.',
    },
    {
      time: '2027-01-15T08:00:00.500Z',
      level: 'info',
      event: 'request',
      outcome: 'ok',
      seconds: 0.25,
      tokeniseSeconds: 0.05,
      queueSeconds: 0.05,
      inferSeconds: 0.15,
      documents: 3,
      tokens: 99,
      truncatedPairs: 1,
      cachedPairs: 0,
      traceId: '0af7651916cd43dd8448eb211c80319c',
    },
  ])
})

test("a trace context that is none is the caller's text, and not written down", () => {
  const { lines, onRequest } = linesOf('json')
  onRequest?.({ ...record, traceparent: 'a secret document' })
  expect(lines[0]).not.toContain('secret')
  expect(JSON.parse(lines[0]!)).not.toHaveProperty('traceId')
})

test('text: sentences only', () => {
  const { lines, log, onRequest } = linesOf('text')
  log('A batch failed.')
  expect(lines).toEqual(['A batch failed.'])
  expect(onRequest).toBeUndefined()
})
