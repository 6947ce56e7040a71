import fc from 'fast-check'
import { expect, test } from 'vitest'
import { embeddedRecipe } from '../../../reference-server/model/embedded/index.ts'
import { cut, encodeAtMost } from '../../../reference-server/tokenise/cut.ts'
import { kept } from '../../../reference-server/tokenise/truncation.ts'
import { tokenizerOf } from '../../../reference-server/tokenise/library.ts'

const { tokenizerJson, tokenizerConfigJson } = embeddedRecipe()
const tokenizer = tokenizerOf(
  JSON.parse(tokenizerJson) as object,
  JSON.parse(tokenizerConfigJson) as object,
)
const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids

const word = fc.oneof(
  fc.stringMatching(/^[a-z]{1,14}$/),
  fc.stringMatching(/^[一-龥]{1,20}$/),
  fc.stringMatching(/^[0-9]{1,6}$/),
  fc.constantFrom('，', '。', '\n', 'GPU', 'café', '…'),
)
const text = fc.array(word, { maxLength: 300 }).map((words) => words.join(' '))

test('equals splitting the whole text and cutting the ids', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 140 }), (whole, limit) => {
      const all = encode(whole)
      expect(encodeAtMost(whole, limit, 'right', encode)).toEqual(all.slice(0, limit))
      expect(encodeAtMost(whole, limit, 'left', encode)).toEqual(
        all.slice(Math.max(0, all.length - limit)),
      )
      expect(encodeAtMost(whole, limit, 'middle', encode)).toEqual([
        ...kept(Int32Array.from(all), limit, 'middle'),
      ])
    }),
    { numRuns: 60 },
  )
})

test('splits few characters of a long text', () => {
  let characters = 0
  const counting = (part: string) => {
    characters += part.length
    return encode(part)
  }
  const ids = encodeAtMost('机器学习模型的推理服务。'.repeat(10_000), 126, 'right', counting)
  expect(ids).toHaveLength(126)
  expect(characters).toBeLessThan(200)
})

test('a text of spaces or one endless word ends too', () => {
  expect(encodeAtMost(' '.repeat(1_000_000), 126, 'right', encode)).toEqual([])
  expect(encodeAtMost('a'.repeat(1_000_000), 126, 'left', encode)).toHaveLength(1)
})

test('a cut never falls into a word that ends nearby', () => {
  expect(cut('alpha beta gamma', 8, 'right')).toBe('alpha beta')
  expect(cut('alpha beta gamma', 8, 'left')).toMatch(/^ ?beta gamma$/)
  expect(cut('短文', 10, 'right')).toBe('短文')
})
