import { expect, test } from 'vitest'
import { openSession, score } from '../../../reference-server/infer/session.ts'
import { pad } from '../../../reference-server/infer/padding.ts'
import { OnnxGraph } from '../../../reference-server/model/onnx.ts'

/** A graph whose logits are the first ids of each pair, in half precision. */
function firstIds(perPair: number) {
  const graph = new OnnxGraph()
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence'])
  const places = graph.integers(
    'places',
    Array.from({ length: perPair }, (_, at) => at),
  )
  const first = graph.node('Gather', 'first', [ids, places], { axis: 1 })
  graph.cast('logits', first, 'float16')
  graph.output('logits', 'float16', ['batch', perPair])
  return {
    graph: { bytes: graph.encode('first-ids') },
    device: { kind: 'cpu' },
    threads: 1,
    paddingId: 0,
    documentType: 0,
  } as const
}

test('logits in half precision are read as the numbers they are', async () => {
  const { session, device } = await openSession(firstIds(1))
  const batch = {
    ids: Int32Array.of(3, 1, 1, 2048, 7),
    lengths: Int32Array.of(3, 2),
    queryLengths: Int32Array.of(1, 1),
  }
  expect(Array.from(await score(session, pad(batch, 0, 0)))).toEqual([3, 2048])
  expect(device).toBe('cpu')
})

test('a session is open when it has scored a pair, so that a device that cannot is passed over', async () => {
  await expect(openSession(firstIds(2))).rejects.toThrow(
    'cpu: the graph gives [1, 2] logits, not one a pair: not a reranker',
  )
})
