import { expect, test } from 'vitest'
import { readJson } from '../../../reference-server/http/body.ts'
import { testServer } from '../support.ts'
import { fuzz } from './fuzz.ts'

test('malformed and hostile bodies get only 4xx, in every dialect (2,000 each in the long suite)', async () => {
  const server = await testServer()
  try {
    await fuzz(server, 120)
  } finally {
    await server.close()
  }
})

test.each([
  [
    '{"a":"\\\\","b":"\\"{[","c":[{"a":1},{"a":2}]}',
    { a: '\\', b: '"{[', c: [{ a: 1 }, { a: 2 }] },
  ],
  ['{"emoji":"\\ud83d\\ude00","nul":"\\u0000"}', { emoji: '😀', nul: '\0' }],
  [`${'['.repeat(32)}${']'.repeat(32)}`, JSON.parse('['.repeat(32) + ']'.repeat(32)) as unknown],
  ['{"\\u0061":1,"b":"__proto__"}', { a: 1, b: '__proto__' }],
])('%s is read', (body, value) => {
  expect(readJson(Buffer.from(body))).toEqual(value)
})

test.each([
  [Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
  ['{"a":1,"\\u0061":2}', /twice/],
  ['{"a":{"__proto__":1}}', /not allowed/],
  ['["\\ud800"]', /half a character/],
  [`${'['.repeat(33)}${']'.repeat(33)}`, /deeper than 32/],
  [`{${Array.from({ length: 101 }, (_, at) => `"k${String(at)}":0`).join()}}`, /too many keys/],
  [`{"${'k'.repeat(2000)}":0}`, /too long/],
  ['{"a":"', /as JSON/],
  ['{"a', /as JSON/],
])('%s is refused', (body, sentence) => {
  expect(() => readJson(Buffer.isBuffer(body) ? body : Buffer.from(body))).toThrow(sentence)
})
