import { expect, test } from 'vitest'
import { itemsAt, numberAt, textAt, valueAt } from '../../../sidecar/normalise/document.ts'

const document = { id: 'a', queue: 3, data: [{ id: 'b' }], nothing: null }

test('reads keys of the right type', () => {
  expect(textAt(document, 'id')).toBe('a')
  expect(numberAt(document, 'queue')).toBe(3)
  expect(itemsAt(document, 'data')).toEqual([{ id: 'b' }])
  expect(valueAt(document, 'nothing')).toBeNull()
})

test.each([undefined, null, 'id', 7, [], { id: 7, queue: '3', data: { id: 'b' } }])(
  'in %j there is none of them',
  (given) => {
    expect(textAt(given, 'id')).toBeUndefined()
    expect(numberAt(given, 'queue')).toBeUndefined()
    expect(itemsAt(given, 'data')).toEqual([])
  },
)

test('what every object inherits is no key of the document', () => {
  expect(valueAt({}, 'constructor')).toBeUndefined()
})
