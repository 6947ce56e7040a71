import fc from 'fast-check'
import { expect } from 'vitest'
import { dialects, pathOf, type Dialect } from '../../../core/dialects/index.ts'
import { ask, rerank, type testServer } from '../support.ts'

export const secret = 'patient4711'

type Body = Readonly<Record<string, unknown>>

/** What a request cannot do without. */
const needed: Readonly<Record<string, readonly string[]>> = {
  tei: ['query', 'texts'],
  'cohere-v1': ['query', 'documents'],
  'cohere-v2': ['model', 'query', 'documents'],
  jina: ['model', 'query', 'documents'],
  vllm: ['query', 'documents'],
  'vllm-score': ['queries', 'documents'],
  nim: ['model', 'query', 'passages'],
  kserve: ['inputs'],
}

/** Of a type that none of those keys takes. */
const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, true, 7, -1e308, 2 ** 53, [], {}, [null], [[]], [secret, 7]),
  fc.constant({ [secret]: secret }),
  fc.array(fc.integer(), { minLength: 1 }),
  fc.array(fc.constant({ [secret]: 1 }), { minLength: 1, maxLength: 50 }),
)

/** Bodies, as sent, of which none may be answered with scores. */
export function hostileBodies(dialect: Dialect): fc.Arbitrary<string> {
  const valid = dialect.encodeRequest({
    query: secret,
    documents: [secret, 'b'],
    returnDocuments: false,
    rawScores: dialect.capabilities.scores === 'logits',
    truncationDirection: 'right',
  })
  const body = JSON.parse(valid) as Body
  const keys = needed[dialect.name] ?? []
  expect(keys.every((key) => Object.hasOwn(body, key))).toBe(true)
  const key = fc.constantFrom(...keys)
  const nested = (depth: number, open: string, close: string) =>
    open.repeat(depth) + close.repeat(depth)
  return fc.oneof(
    // Structure: a key of another type, or missing.
    fc.tuple(key, wrong).map(([name, value]) => JSON.stringify({ ...body, [name]: value })),
    key.map((name) => JSON.stringify({ ...body, [name]: undefined })),
    // Text: cut, overlong numbers, rubbish in the middle.
    fc.integer({ min: 0, max: valid.length - 1 }).map((end) => valid.slice(0, end)),
    fc
      .tuple(
        fc.integer({ min: 1, max: valid.length - 1 }),
        fc.constantFrom('\u0000', '\n"', ']', '}{'),
      )
      .map(([at, rubbish]) => `${valid.slice(0, at)}${rubbish}${rubbish}"${valid.slice(at)}`),
    fc
      .tuple(key, fc.constantFrom('1e999', '-1e999', '9'.repeat(400), 'NaN', '0x10', '01'))
      .map(([name, number]) =>
        valid.replace('{', `{"x":0,`).replace(`"${name}":`, `"${name}":${number},"y":`),
      ),
    // What two readers may read differently.
    key.map((name) => valid.replace('{', `{"${name}":[],`)),
    fc
      .constantFrom('"__proto__"', '"\\u005f_proto__"', '"constructor":1,"__proto__"')
      .map((name) => valid.replace('{', `{${name}:{"query":"q"},`)),
    fc
      .tuple(fc.constantFrom('\\ud800', '\\udc00\\ud800', 'a\\uDFFFb'), fc.boolean())
      .map(([half, first]) =>
        first ? valid.replace(secret, half) : valid.replace('{', `{"${half}":1,`),
      ),
    // Depth.
    fc
      .tuple(fc.integer({ min: 40, max: 20_000 }), key)
      .map(([depth, name]) => valid.replace('{', `{"${name}x":${nested(depth, '[', ']')},`)),
    fc.integer({ min: 40, max: 5000 }).map((depth) => nested(depth, '{"a":', '}')),
    // No JSON object at all.
    fc.constantFrom(
      '',
      ' ',
      'null',
      'true',
      '0',
      '""',
      '[]',
      '[{}]',
      '{}',
      `"${secret}"`,
      '\ufeff{}',
    ),
    fc.string({ unit: 'binary', maxLength: 200 }).filter(isNoObject),
    fc.json().filter(isNoObject),
  )
}

function isNoObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value !== 'object' || value === null || Array.isArray(value)
  } catch {
    return true
  }
}

/** Sends so many to each dialect: only 4xx, nothing of the body comes back, and the server lives. */
export async function fuzz(
  server: Awaited<ReturnType<typeof testServer>>,
  bodiesPerDialect: number,
): Promise<void> {
  for (const dialect of dialects) {
    const statuses = new Map<number, number>()
    const bodies = fc.sample(hostileBodies(dialect), { numRuns: bodiesPerDialect, seed: 4711 })
    expect(bodies).toHaveLength(bodiesPerDialect)
    for (let at = 0; at < bodies.length; at += 16) {
      await Promise.all(
        bodies.slice(at, at + 16).map(async (body) => {
          const { status, text } = await ask(server.url + pathOf(dialect, 'embedded'), {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-rerank-dialect': dialect.name },
            body,
          })
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          const context = `${dialect.name}: ${JSON.stringify(body.slice(0, 300))} → ${text}`
          expect(status, context).toBeGreaterThanOrEqual(400)
          expect(status, context).toBeLessThan(500)
          expect(text).not.toContain(secret)
          expect(text.length).toBeLessThan(500)
        }),
      )
    }
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(bodiesPerDialect)
  }
  expect((await ask(`${server.url}/health`)).status).toBe(200)
  expect((await rerank(server, { query: 'q', texts: ['a'] })).status).toBe(200)
  expect(server.lines).toEqual([])
  expect((await ask(`${server.url}/metrics`)).text).not.toContain(secret)
}
