import { afterAll, beforeAll, expect, test } from 'vitest'
import { dialects } from '../../../core/dialects/index.ts'
import { ask, testServer } from '../support.ts'

let server: Awaited<ReturnType<typeof testServer>>
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: { readonly schemas: Readonly<Record<string, { properties?: object }>> }
}

test('every route of every dialect stands in the document, with the schemas that it is read with', async () => {
  const { status, text } = await ask(`${server.url}/openapi.json`)
  const { openapi, paths, components } = JSON.parse(text) as Document
  expect([status, openapi]).toEqual([200, '3.1.0'])
  for (const { name, paths: own, keys, reads = [], info } of dialects) {
    for (const path of own) {
      const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.post
      expect(JSON.stringify(operation)).toContain(`#/components/schemas/${name}-request`)
    }
    for (const path of [...reads.map((read) => read.path), ...(info ? [info.path] : [])]) {
      expect(paths[path.replace(/:(\w+)/g, '{$1}')]).toHaveProperty('get')
    }
    expect(Object.keys(components.schemas[`${name}-request`]!.properties!)).toEqual(keys)
  }
  expect(components.schemas['tei-request']).toMatchObject({
    type: 'object',
    required: ['query', 'texts'],
    properties: { query: { type: 'string' }, texts: { type: 'array', items: { type: 'string' } } },
  })
  // Every reference leads somewhere.
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(components.schemas).toHaveProperty([name])
  }
  expect(paths['/v1/rerank']?.post).toMatchObject({
    responses: { 429: { description: 'overloaded' }, 401: { description: 'unauthorized' } },
  })
})

test('/docs is one page without a script and without anything from elsewhere', async () => {
  const { status, headers, text } = await ask(`${server.url}/docs`)
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(text).toContain('POST /v2/models/{model}/infer')
  expect(text).not.toMatch(/<script|(src|href)="(https?:)?\/\//)
})
