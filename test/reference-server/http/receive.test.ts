import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { BodyReceiver } from '../../../reference-server/http/receive.ts'
import { testServer } from '../support.ts'

/** A request whose body comes as the test writes it. */
function arriving(headers: Readonly<Record<string, string>> = {}) {
  const body = new PassThrough()
  return { body, message: Object.assign(body, { headers }) as unknown as IncomingMessage }
}

test('a body is whole, or refused for its size before more of it is kept', async () => {
  const receiver = new BodyReceiver({ maximumBytes: 10, maximumTogetherBytes: Infinity })
  const whole = arriving()
  whole.body.write('12345')
  whole.body.end('67890')
  expect((await receiver.receive(whole.message)).toString()).toBe('1234567890')
  const long = arriving()
  long.body.write('123456')
  const refused = receiver.receive(long.message)
  long.body.write('789012')
  await expect(refused).rejects.toMatchObject({ kind: 'too_large' })
  const said = arriving({ 'content-length': '11' })
  await expect(receiver.receive(said.message)).rejects.toMatchObject({ kind: 'too_large' })
})

test('bodies that arrive together have one bound, and what was refused or has ended holds nothing of it', async () => {
  const receiver = new BodyReceiver({ maximumBytes: 10, maximumTogetherBytes: 15 })
  const [first, second, third] = [arriving(), arriving(), arriving()]
  first.body.write('1234567890')
  const kept = receiver.receive(first.message)
  await new Promise(setImmediate)
  second.body.write('123456')
  await expect(receiver.receive(second.message)).rejects.toMatchObject({
    kind: 'overloaded',
    retryAfterSeconds: 1,
  })
  first.body.end()
  expect(await kept).toHaveLength(10)
  third.body.end('1234567890')
  expect(await receiver.receive(third.message)).toHaveLength(10)
})

test('a body that breaks off rejects as its stream does', async () => {
  const receiver = new BodyReceiver({ maximumBytes: 10, maximumTogetherBytes: 10 })
  const { body, message } = arriving()
  const broken = receiver.receive(message)
  const error = new Error('aborted')
  body.destroy(error)
  await expect(broken).rejects.toBe(error)
})

test('of two bodies that are too much together one is refused, and the other answered', async () => {
  const server = await testServer({ maximumBodyBytes: 200_000, maximumQueuedBytes: 300_000 })
  const json = JSON.stringify({ query: 'q', texts: ['a'], filler: 'x'.repeat(199_000) })
  const head = `POST /rerank HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${String(json.length)}\r\n\r\n`
  const callers = [0, 1].map(() => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const caller = { socket, text: '' }
    socket.on('data', (data) => (caller.text += data.toString()))
    socket.write(head + json.slice(0, -1))
    return caller
  })
  const answered = () => callers.filter(({ text }) => text.includes('\r\n\r\n'))
  try {
    await expect.poll(answered).toHaveLength(1)
    const [refused] = answered()
    expect(refused!.text).toMatch(/^HTTP\/1\.1 429 [^]*retry-after: 1[^]*"Overloaded"/)
    const other = callers.find((caller) => caller !== refused)!
    other.socket.write(json.slice(-1))
    await expect.poll(() => other.text).toMatch(/^HTTP\/1\.1 200 /)
  } finally {
    for (const { socket } of callers) socket.destroy()
    await server.close()
  }
})
