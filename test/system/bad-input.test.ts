import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Rerankscope, rerankscope } from './processes.ts'

/** One line that names the program, says what is wrong and what to do: no stack, no second line. */
const oneSentence = /^rerankscope: [^\n]{10,400}\n$/

describe('bad usage gets one sentence and the right exit code', () => {
  let taken: ReturnType<typeof createServer>
  let port: string
  let folder: string

  beforeAll(async () => {
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    port = String((taken.address() as AddressInfo).port)
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-bad-input-'))
  })
  afterAll(() => {
    taken.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each([
    [['serve', '--wat'], 2, /wat/],
    [['nonsense'], 2, /nonsense/],
    [[], 2, /command/],
    [['serve', '--port', 'eighty'], 2, /port/],
    [['serve', '--port', '99999'], 2, /port/],
    [['serve', '--model', '/nowhere/at/all'], 2, /nowhere/],
    [['sidecar', '--target', 'not a url'], 2, /target/],
    [['sidecar', '--target', 'http://127.0.0.1:1', '--interval', '-1'], 2, /interval/],
    [['load', '--target', 'ftp://127.0.0.1'], 2, /target/],
    [['load', '--target', 'http://127.0.0.1:1', '--profile', 'medium'], 2, /medium|profile/i],
    [['load', '--target', 'http://127.0.0.1:1', '--seconds', '0'], 2, /seconds/],
    [['demo', '--profiles', 'medium'], 2, /medium/],
    [['report', '/nowhere/at/all'], 2, /nowhere/],
    [['load', '--target', 'http://127.0.0.1:1'], 3, /127\.0\.0\.1:1/],
  ] as const)('rerankscope %j exits with %i', async (programArguments, code, about) => {
    const ended = await rerankscope(...programArguments)
    expect(ended.stderr).toMatch(oneSentence)
    expect(ended.stderr).toMatch(about)
    expect(ended.code).toBe(code)
  })

  test.each([
    ['serve', '--port'],
    ['sidecar', '--target', 'http://127.0.0.1:1', '--listen'],
  ])('%s on a port in use exits with 3', async (...programArguments) => {
    const listen = programArguments.at(-1) === '--listen' ? `127.0.0.1:${port}` : port
    const ended = await rerankscope(...programArguments, listen)
    expect(ended.stderr).toMatch(oneSentence)
    expect(ended.stderr).toContain(port)
    expect(ended.code).toBe(3)
  })
})

describe('a server under bad requests answers each with its code and goes on', () => {
  let server: Rerankscope
  let url: string

  beforeAll(async () => {
    server = new Rerankscope(['serve', '--port', '0', '--json'])
    url = await server.listening()
  }, 60_000)
  afterAll(() => {
    server.end()
  })

  const post = async (body: string | Buffer, type = 'application/json') => {
    const response = await fetch(`${url}/rerank`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    return { status: response.status, text: await response.text() }
  }

  test.each([
    ['{"query": "q", "texts": [', 400, /JSON/],
    ['', 400, /JSON/],
    ['[]', 422, /JSON object/],
    ['{"query": "q"}', 422, /texts/],
    ['{"query": "q", "texts": [1]}', 422, /texts/],
    ['{"query": "q", "texts": []}', 400, /cannot be empty/],
    [`{"query": "q", "texts": [${Array(1001).fill('"d"').join(',')}]}`, 422, /1001.*1000/],
    ['['.repeat(100_000), 400, /nested deeper/],
  ])('%.40s… → %i', async (body, status, text) => {
    const answer = await post(body)
    expect(answer.text).toMatch(text)
    expect(answer.status).toBe(status)
  })

  test('a body of another type → 415', async () => {
    expect((await post('query=q', 'application/x-www-form-urlencoded')).status).toBe(415)
  })

  test('a body of 100 MB → 413, or the connection is closed on it; the server goes on', async () => {
    const outcome = await post(Buffer.alloc(100 * 1024 * 1024, 0x20)).then(
      ({ status }) => status,
      (error: unknown) => (error as Error).message,
    )
    expect([413, 'fetch failed']).toContain(outcome)
    const answer = await post('{"query": "clear water", "texts": ["clear water", "a stone"]}')
    expect(answer.status).toBe(200)
    expect((JSON.parse(answer.text) as { index: number }[])[0]?.index).toBe(0)
  })

  test('SIGTERM ends it with 0 and nothing left', async () => {
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
    expect(await server.remaining(5)).toEqual([])
  })
})
