import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../../../core/clock.ts'
import { graphOf } from '../../../../reference-server/model/build.ts'
import { stallSeconds } from '../../../../reference-server/model/hub/access.ts'
import {
  hubNameOf,
  pulledFolder,
  pulledModels,
} from '../../../../reference-server/model/hub/cache.ts'
import { bytesToFetch } from '../../../../reference-server/model/hub/download.ts'
import { pullModel, type PullOptions } from '../../../../reference-server/model/hub/pull.ts'
import { loadModel } from '../../../../reference-server/model/registry.ts'
import { recorded, safetensorsOf, twinRecipe } from '../checkpoint.ts'
import { commit, fakeHub, type FakeHub, type Misdeed } from './fake-hub.ts'

const name = 'acme/tiny-reranker'
const twin = recorded(twinRecipe('tiny-bert'))
graphOf(twin.recipe, { dtype: 'float32', form: 'padded' })
const weights = 'model.safetensors'
const files = new Map<string, Buffer>([
  ['config.json', Buffer.from(twin.recipe.configJson)],
  ['tokenizer.json', Buffer.from(twin.recipe.tokenizerJson)],
  ['tokenizer_config.json', Buffer.from(twin.recipe.tokenizerConfigJson)],
  [weights, safetensorsOf(twin.recipe, twin.names)],
  ['README.md', Buffer.from('not needed')],
  ['pytorch_model.bin', Buffer.from('not read')],
  ['onnx/model.onnx', Buffer.from('not needed where there are safetensors')],
])
const size = files.get(weights)!.length
const token = 'a-secret-of-ours'

let cache: string
let hub: FakeHub | undefined
let slept: number[]
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'rerankscope-pull-'))
  slept = []
})
afterEach(() => {
  hub?.close()
  hub = undefined
  rmSync(cache, { recursive: true })
})

/** Pauses take no time, and silence is noticed after `quietSeconds`. */
const clockOf = (quietSeconds: number): Clock => ({
  ...systemClock,
  sleep(seconds, signal) {
    if (seconds === stallSeconds) return systemClock.sleep(quietSeconds, signal)
    slept.push(seconds)
    return Promise.resolve()
  },
})

function pull(
  options: Partial<PullOptions> & { readonly token?: string; readonly quietSeconds?: number } = {},
) {
  return pullModel({
    hubName: { name, revision: 'main' },
    cache,
    access: {
      endpoint: new URL(hub!.url),
      clock: clockOf(options.quietSeconds ?? 20),
      signal: new AbortController().signal,
      ...(options.token !== undefined && { token: options.token }),
    },
    onProgress: () => undefined,
    ...options,
  })
}
const folder = () => join(cache, 'acme--tiny-reranker')
const rangesOf = (path: string) =>
  hub!.seen.filter((one) => one.path === `/${path}`).map(({ range }) => range)

test('brings what is needed, whole and checked, and no more', async () => {
  hub = await fakeHub(name, files)
  const progress: number[] = []
  const pulled = await pull({
    onProgress: (done, total) => {
      if (total > size / 2) progress.push(done / total)
    },
  })
  expect(pulled).toMatchObject({ name, revision: 'main', commit, folder: folder() })
  expect(readdirSync(folder()).sort()).toEqual([
    'config.json',
    weights,
    'pulled.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
  expect(readFileSync(join(folder(), weights)).equals(files.get(weights)!)).toBe(true)
  expect(progress).toEqual([...progress].sort((a, b) => a - b))
  expect(progress.at(-1)).toBe(1)
  expect(pulledModels(cache)).toEqual([{ name, revision: 'main', commit, folder: folder() }])
})

test('a second pull asks what there is and fetches nothing again', async () => {
  hub = await fakeHub(name, files)
  await pull()
  const before = hub.seen.length
  await pull()
  const again = hub.seen.slice(before).map(({ path }) => path)
  expect(again).toEqual([`/api/models/${name}/revision/main`, `/api/models/${name}/tree/${commit}`])
})

test('the token goes to the hub and does not follow to its storage', async () => {
  hub = await fakeHub(name, files, { token })
  await pull({ token })
  const shown = (host: string) =>
    new Set(hub!.seen.filter((one) => one.host === host).map((one) => one.authorization))
  expect(shown('hub')).toEqual(new Set([`Bearer ${token}`]))
  expect(shown('storage')).toEqual(new Set([undefined]))
  expect(hub.seen.some(({ host }) => host === 'storage')).toBe(true)
})

const cutAfter =
  (share: number): Misdeed =>
  (request, response, content) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const rest = content.subarray(start)
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(start > 0 && {
        'content-range': `bytes ${String(start)}-${String(content.length - 1)}/${String(content.length)}`,
      }),
    })
    response.write(rest.subarray(0, Math.floor(rest.length * share)), () => {
      setTimeout(() => response.destroy(), 20)
    })
  }
const status =
  (code: number, headers: Record<string, string> = {}): Misdeed =>
  (_, response) => {
    response.writeHead(code, headers).end()
  }
const body =
  (of: (content: Buffer) => Buffer): Misdeed =>
  (_, response, content) => {
    // Without a length: the connection's end is the only word about it.
    response.writeHead(200)
    response.end(of(content))
  }

describe('a hub that is not at its best', () => {
  test.each<[string, readonly Misdeed[]]>([
    ['breaks a connection in the middle', [cutAfter(0.5)]],
    ['breaks every other connection', [cutAfter(0.3), cutAfter(0.3), cutAfter(0.3), cutAfter(0.3)]],
    [
      'breaks seven connections, each a little further',
      Array.from({ length: 7 }, () => cutAfter(0.1)),
    ],
    ['is overloaded for a while', [status(429, { 'retry-after': '7' }), status(503), status(500)]],
    ['sends half a file as if it were whole', [body((content) => content.subarray(0, size / 2))]],
    [
      'sends more than there is',
      [body((content) => Buffer.concat([content, Buffer.alloc(99_999)]))],
    ],
    ['sends another file once', [body((content) => Buffer.alloc(content.length))]],
    ['says the range cannot be', [cutAfter(0.5), status(416)]],
    ['ignores the range', [cutAfter(0.5), body((content) => content)]],
    [
      'sends another range',
      [
        cutAfter(0.5),
        (_, response, content) => {
          response.writeHead(206, { 'content-range': `bytes 0-9/${String(size)}` })
          response.end(content.subarray(0, 10))
        },
      ],
    ],
  ])('%s: the file arrives whole', async (_, misdeeds) => {
    hub = await fakeHub(name, files)
    hub.misdeeds.set(weights, [...misdeeds])
    await pull()
    expect(readFileSync(join(folder(), weights)).equals(files.get(weights)!)).toBe(true)
    expect(hub.misdeeds.get(weights)).toEqual([])
    expect(existsSync(join(folder(), `${weights}.unfinished`))).toBe(false)
  })

  test('waits as long as it is asked to, but not for hours', async () => {
    hub = await fakeHub(name, files)
    hub.misdeeds.set(weights, [status(429, { 'retry-after': '7' }), status(503)])
    await pull()
    expect(slept).toEqual([7, 2])
  })

  test('continues where a connection broke instead of starting anew', async () => {
    hub = await fakeHub(name, files)
    hub.misdeeds.set(weights, [cutAfter(0.5)])
    await pull()
    const [first, second] = rangesOf(weights)
    expect(first).toBeUndefined()
    expect(Number(/^bytes=(\d+)-$/.exec(second ?? '')?.[1])).toBeGreaterThan(size / 4)
  })

  test('continues what an earlier pull left', async () => {
    hub = await fakeHub(name, files)
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), `${weights}.unfinished`), files.get(weights)!.subarray(0, 1000))
    await pull()
    expect(rangesOf(weights)).toEqual(['bytes=1000-'])
  })

  test('asks for room for what is still to come, not for what is there', async () => {
    const left = { a: 0, 'a.unfinished': 0, 'b.unfinished': 600, c: 1000, d: 999 }
    for (const [file, bytes] of Object.entries(left)) {
      writeFileSync(join(cache, file), Buffer.alloc(bytes))
    }
    const checksum = { kind: 'sha256', value: '' } as const
    const wanted = ['a', 'b', 'c', 'd'].map((path) => ({ path, bytes: 1000, checksum }))
    expect(await bytesToFetch(wanted, cache)).toBe(1000 + 400 + 0 + 1000)
  })

  test('what an earlier pull left of another revision is thrown away', async () => {
    hub = await fakeHub(name, files)
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), `${weights}.unfinished`), Buffer.alloc(1000, 7))
    await pull()
    expect(rangesOf(weights)).toEqual(['bytes=1000-', undefined])
    expect(readFileSync(join(folder(), weights)).equals(files.get(weights)!)).toBe(true)
  })

  test('stops in the middle without a word: it is noticed', async () => {
    hub = await fakeHub(name, files)
    hub.misdeeds.set(weights, [
      (_, response, content) => {
        response.writeHead(200, { 'content-length': content.length })
        response.write(content.subarray(0, size / 2))
      },
    ])
    await pull({ quietSeconds: 0.3 })
    expect(rangesOf(weights)).toHaveLength(2)
  })
})

describe('what cannot be pulled is said in one sentence', () => {
  const failing = async (
    options: Parameters<typeof pull>[0] = {},
  ): Promise<{ exitCode: number; message: string }> =>
    pull(options).then(
      () => {
        throw new Error('it was pulled')
      },
      (error: unknown) => error as { exitCode: number; message: string },
    )

  test.each<[number, string | undefined, number, RegExp]>([
    [
      401,
      undefined,
      3,
      /does not show acme\/tiny-reranker to everyone: check the name, or set HF_TOKEN/,
    ],
    [403, token, 3, /does not let this HF_TOKEN read acme\/tiny-reranker/],
    [404, undefined, 2, /has no model acme\/tiny-reranker: check the name and --revision/],
    [500, undefined, 3, /it answers 500/],
    [429, undefined, 3, /it answers 429/],
  ])('%i', async (code, given, exitCode, sentence) => {
    hub = await fakeHub(name, files)
    hub.status = code
    const error = await failing(given === undefined ? {} : { token: given })
    expect(error.exitCode).toBe(exitCode)
    expect(error.message).toMatch(sentence)
    expect(error.message).not.toContain(token)
  })

  test('a revision that is not there', async () => {
    hub = await fakeHub(name, files)
    const error = await failing({ hubName: { name, revision: 'v9' } })
    expect(error.message).toContain('has no model acme/tiny-reranker at v9')
  })

  test('a checksum that stays wrong', async () => {
    hub = await fakeHub(name, files)
    const wrong = body((content) => Buffer.alloc(content.length))
    hub.misdeeds.set(weights, [wrong, wrong])
    const error = await failing()
    expect(error).toMatchObject({ exitCode: 3 })
    expect(error.message).toMatch(/sends a broken file .*checksum of model\.safetensors is wrong/)
    expect(readdirSync(folder())).not.toContain(weights)
    expect(() => pulledFolder(cache, name)).toThrow(/was not pulled to the end/)
  })

  test('a storage that only ever breaks', async () => {
    hub = await fakeHub(name, files)
    hub.misdeeds.set(
      weights,
      Array.from({ length: 9 }, (): Misdeed => (_, response) => response.destroy()),
    )
    expect((await failing()).message).toMatch(/cannot be pulled .* what is already there is kept/)
    expect(rangesOf(weights)).toHaveLength(5)
  })

  test('paths that lead out of the folder are not taken', async () => {
    const evil = new Map([...files, ['onnx/../../evil.onnx', Buffer.from('x')]])
    evil.delete(weights)
    evil.delete('onnx/model.onnx')
    hub = await fakeHub(name, evil)
    expect((await failing()).message).toMatch(/has neither safetensors .* nor an ONNX export/)
    expect(readdirSync(cache)).toEqual(['acme--tiny-reranker'])
  })

  test('no tokenizer.json', async () => {
    const slow = new Map(files)
    slow.delete('tokenizer.json')
    hub = await fakeHub(name, slow)
    expect((await failing()).message).toMatch(/has no tokenizer\.json/)
  })
})

test('an architecture that is not ours is pulled as its ONNX export, with its data', async () => {
  const other = new Map(files)
  other.set('config.json', Buffer.from('{"model_type": "deberta-v2"}'))
  other.set('onnx/model.onnx_data', Buffer.from('data'))
  hub = await fakeHub(name, other)
  const { files: pulled } = await pull()
  expect(pulled.map(({ file }) => file).slice(3)).toEqual([
    'onnx/model.onnx',
    'onnx/model.onnx_data',
  ])
})

test('an abort stops it at once and keeps what is there', async () => {
  hub = await fakeHub(name, files)
  const stop = new AbortController()
  const endpoint = new URL(hub.url)
  const running = pull({
    access: { endpoint, clock: clockOf(20), signal: stop.signal },
    onProgress: (done, total) => {
      if (total > size / 2 && done > 0) stop.abort()
    },
  })
  await expect(running).rejects.toThrow()
  expect(existsSync(join(folder(), `${weights}.unfinished`))).toBe(true)
})

test('a pulled model is served by its name, and one that was not says how to get it', async () => {
  hub = await fakeHub(name, files)
  expect(() => loadModel(name, { cache })).toThrow(
    'pull it: `rerankscope model pull acme/tiny-reranker`',
  )
  await pull()
  expect(() => loadModel(name, { cache })).toThrow(/holds no model\.onnx: write it with/)
})

test.each([
  ['a/b', { name: 'a/b', revision: 'main' }],
  ['BAAI/bge-reranker-v2-m3@v1.0', { name: 'BAAI/bge-reranker-v2-m3', revision: 'v1.0' }],
  ['a/b@refs/pr/3', { name: 'a/b', revision: 'refs/pr/3' }],
  ['a', undefined],
  ['../b', undefined],
  ['a/..', undefined],
  ['a/b/c', undefined],
  ['a/b@../c', undefined],
  ['a/b c', undefined],
])('%s as a name on a hub', (text, expected) => {
  expect(hubNameOf(text)).toEqual(expected)
})
