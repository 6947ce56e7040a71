import { describe, expect, test } from 'vitest'
import { dialectFor, dialectNamed, dialects, pathOf } from '../../../core/dialects/index.ts'

describe('whose a request is', () => {
  test.each([
    ['/rerank', { query: 'q', texts: ['a'] }, 'tei'],
    ['/rerank', undefined, 'tei'],
    ['/rerank', 'no object', 'tei'],
    ['/rerank', { query: 'q', documents: ['a'] }, 'vllm'],
    ['/rerank', { query: 'q' }, 'tei'],
    ['/', { query: 'q', texts: ['a'] }, 'tei'],
    ['/v1/rerank', { query: 'q', documents: ['a'] }, 'cohere-v1'],
    ['/v1/rerank', { model: 'm', query: 'q', documents: ['a'], top_n: 1 }, 'cohere-v1'],
    ['/v1/rerank', { query: 'q', documents: [{ text: 'a' }], rank_fields: ['text'] }, 'cohere-v1'],
    ['/v1/rerank', { query: 'q', documents: ['a'], truncate_prompt_tokens: -1 }, 'vllm'],
    [
      '/v2/rerank',
      { model: 'm', query: 'q', documents: ['a'], max_tokens_per_doc: 9 },
      'cohere-v2',
    ],
    ['/v2/rerank', { query: 'q', documents: ['a'], use_activation: false }, 'vllm'],
    ['/score', { text_1: 'q', text_2: ['a'] }, 'vllm-score'],
    ['/v1/ranking', { query: { text: 'q' }, passages: [] }, 'nim'],
    ['/v2/models/m/infer', { inputs: [] }, 'kserve'],
    ['/v2/models/m/versions/1/infer', { inputs: [] }, 'kserve'],
    ['/v2/models//infer', { inputs: [] }, undefined],
    ['/rerank/', { query: 'q', texts: ['a'] }, undefined],
    ['/nothing', { query: 'q', texts: ['a'] }, undefined],
  ])('%s with %j: %s', (path, body, name) => {
    expect(dialectFor(path, body)?.dialect.name).toBe(name)
  })

  test.each([
    [['jina'], { model: 'm', query: 'q', documents: ['a'] }, 'jina'],
    [['vllm', 'jina'], { query: 'q', documents: ['a'] }, 'vllm'],
    // What a body says counts for more than what is preferred.
    [['jina'], { query: 'q', documents: ['a'], max_chunks_per_doc: 1 }, 'cohere-v1'],
    [['kserve'], { query: 'q', documents: ['a'] }, 'cohere-v1'],
  ])('at /v1/rerank with %j preferred, %j: %s', (preferred, body, name) => {
    expect(dialectFor('/v1/rerank', body, preferred)?.dialect.name).toBe(name)
  })

  test('the model that a path names, its escapes undone', () => {
    expect(dialectFor('/v2/models/some%2Fmodel/infer')?.model).toBe('some/model')
    expect(dialectFor('/v2/models/%zz/infer')?.model).toBe('%zz')
    expect(dialectFor('/rerank')).not.toHaveProperty('model')
    expect(pathOf(dialectNamed('kserve')!, 'some/model')).toBe('/v2/models/some%2Fmodel/infer')
  })

  test('keys of a prototype are no keys of a body', () => {
    const body = Object.create({ texts: ['a'] }) as object
    expect(dialectFor('/rerank', Object.assign(body, { documents: ['a'] }))?.dialect.name).toBe(
      'vllm',
    )
  })

  test('every dialect answers at the path where its client asks', () => {
    for (const dialect of dialects) {
      const path = pathOf(dialect, 'a model/v1')
      expect(dialectFor(path, undefined, [dialect.name])?.dialect).toBe(dialectNamed(dialect.name))
    }
  })
})
