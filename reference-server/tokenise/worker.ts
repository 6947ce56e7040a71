import { parentPort, workerData } from 'node:worker_threads'
import { present } from '../../core/assert.ts'
import { messageOf } from '../../core/errors.ts'
import { encodeAtMost } from './cut.ts'
import { tokenizerOf } from './library.ts'
import type { EncodeCall, WorkerMessage, WorkerSetup } from './messages.ts'
import { templateOf } from './template.ts'

const port = present(parentPort, 'A tokeniser worker has a parent.')
const { tokenizerJson, tokenizerConfigJson } = workerData as WorkerSetup
const config = JSON.parse(tokenizerConfigJson) as object
const tokenizer = tokenizerOf(JSON.parse(tokenizerJson) as object, config)

function encode({ id, texts, limit, lost }: EncodeCall): void {
  const lists = texts.map((text) =>
    encodeAtMost(
      text,
      limit,
      lost,
      (part) => tokenizer.encode(part, { add_special_tokens: false }).ids,
    ),
  )
  const lengths = Int32Array.from(lists, (list) => list.length)
  const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  for (const list of lists) {
    ids.set(list, at)
    at += list.length
  }
  post({ kind: 'encoded', id, ids, lengths }, [ids.buffer, lengths.buffer])
}

function post(message: WorkerMessage, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

port.on('message', (call: EncodeCall) => {
  try {
    encode(call)
  } catch (error) {
    post({ kind: 'failed', id: call.id, message: messageOf(error) })
  }
})
post({ kind: 'ready', template: templateOf(tokenizer, config) })
