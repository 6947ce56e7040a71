import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { hashSync } from 'bcryptjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { UserError } from '../../../../core/errors.ts'
import { policy } from '../../../../core/policy.ts'
import type { Snapshot } from '../../../../core/snapshot.ts'
import { listen } from '../../../../sidecar/export/listen.ts'
import { Live } from '../../../../sidecar/export/page/live.ts'
import { MetricsPage } from '../../../../sidecar/export/metrics-page.ts'
import { close, createServer } from '../../../../sidecar/export/server.ts'
import { WebAccess } from '../../../../sidecar/export/web/index.ts'
import { FakeClock } from '../../fake-clock.ts'

const certificates = join(import.meta.dirname, '../../../fixtures/tls')
const pem = (name: string) => readFileSync(join(certificates, `${name}.pem`))

let folder: string
let file: string
let stop: () => Promise<void> = () => Promise.resolve()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-web-'))
  file = join(folder, 'web.yml')
})
afterEach(async () => {
  await stop()
  stop = () => Promise.resolve()
  rmSync(folder, { recursive: true })
})

function copy(from: string, to: string) {
  copyFileSync(join(certificates, `${from}.pem`), join(folder, `${to}.pem`))
  copyFileSync(join(certificates, `${from}.key.pem`), join(folder, `${to}.key.pem`))
}

const accessOf = () => new WebAccess(file, () => parse(readFileSync(file, 'utf8')) as unknown)

async function started(config: string) {
  copy('server', 'server')
  copyFileSync(join(certificates, 'authority.pem'), join(folder, 'authority.pem'))
  writeFileSync(file, config)
  const web = accessOf()
  const clock = new FakeClock()
  const snapshot = () => ({}) as Snapshot
  const server = createServer({
    metrics: new MetricsPage({
      render: () => Promise.resolve('up 1\n'),
      picture: () => clock,
      nowSeconds: () => 0,
    }),
    snapshot,
    ready: () => true,
    live: new Live({ clock, snapshot, intervalSeconds: 1, policy, version: '1' }),
    clock,
    web,
  })
  const url = await listen(server, { host: '127.0.0.1', port: 0 })
  const controller = new AbortController()
  const troubles: string[] = []
  const watching = web.watch(server, {
    clock,
    stop: controller.signal,
    onTrouble: (sentence) => troubles.push(sentence),
  })
  stop = async () => {
    controller.abort()
    await Promise.all([watching, close(server, new FakeClock())])
  }
  return { url, clock, troubles }
}

/** What a caller gets: the answer and the server's serial number, or the code of what went wrong. */
function ask(url: string, options: RequestOptions = {}) {
  return new Promise<{ status: number; body: string; serial: string } | string>((resolve) => {
    const request = get(
      `${url}/metrics`,
      { ca: pem('authority'), agent: false, ...options },
      (response) => {
        if (!(response.socket instanceof TLSSocket)) throw new TypeError('no TLS')
        const { serialNumber } = response.socket.getPeerCertificate()
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (body += chunk))
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body, serial: serialNumber })
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'EPROTO' ? error.message : (error.code ?? error.message))
    })
  })
}

const tls = 'tls_server_config: { cert_file: server.pem, key_file: server.key.pem'
const certificate = (name: string): RequestOptions => ({
  cert: pem(name),
  key: pem(`${name}.key`),
})

test('TLS: answers who trusts the authority; no older TLS than asked for, no plain HTTP', async () => {
  const { url } = await started(`${tls}, min_version: TLS13 }`)
  expect(url).toMatch(/^https:/)
  expect(await ask(url)).toMatchObject({ status: 200, body: 'up 1\n' })
  expect(await ask(url, { ca: pem('stranger') })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  expect(await ask(url, { maxVersion: 'TLSv1.2' })).toMatch(/protocol version/)
  await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow()
})

test.each([
  ['NoClientCert', { none: true, client: true, impostor: true }],
  ['RequestClientCert', { none: true, client: true, impostor: true }],
  ['RequireAnyClientCert', { none: false, client: true, impostor: true }],
  ['VerifyClientCertIfGiven', { none: true, client: true, impostor: false }],
  ['RequireAndVerifyClientCert', { none: false, client: true, impostor: false }],
])('%s', async (type, expected) => {
  const authority = type.includes('Verify') ? ', client_ca_file: authority.pem' : ''
  const { url } = await started(`${tls}, client_auth_type: ${type}${authority} }`)
  const passes = async (options: RequestOptions) => typeof (await ask(url, options)) === 'object'
  expect({
    none: await passes({}),
    client: await passes(certificate('client')),
    impostor: await passes(certificate('impostor')),
  }).toEqual(expected)
})

test.each([
  ['scraper.example', true],
  ['spiffe://example/scraper', true],
  ['other.example', false],
])('client_allowed_sans [%s]', async (name, passes) => {
  const { url } = await started(
    `${tls}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: authority.pem, client_allowed_sans: ["${name}"] }`,
  )
  expect(typeof (await ask(url, certificate('client'))) === 'object').toBe(passes)
})

test("Go's names of cipher suites and curves are understood", async () => {
  const { url } = await started(
    `${tls}, max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], curve_preferences: [CurveP384] }`,
  )
  expect(await ask(url, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toMatchObject({
    status: 200,
  })
  expect(await ask(url, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).toMatch(/handshake failure/)
  expect(await ask(url, { ecdhCurve: 'X25519' })).toMatch(/handshake failure/)
})

test('users: right, wrong, unknown, none; headers of the file on every answer', async () => {
  const { url } = await started(
    `basic_auth_users: { alice: "${hashSync('sesame', 4)}" }\nhttp_server_config: { headers: { X-Frame-Options: deny } }\n`,
  )
  const as = async (credentials?: string) => {
    const headers = credentials && { authorization: `Basic ${btoa(credentials)}` }
    const response = await fetch(`${url}/metrics`, headers ? { headers } : {})
    expect(response.headers.get('x-frame-options')).toBe('deny')
    return [response.status, await response.text(), response.headers.get('www-authenticate')]
  }
  const refused = [
    401,
    'A user name and its password are needed.\n',
    'Basic realm="rerankscope", charset="UTF-8"',
  ]
  expect(await as('alice:sesame')).toEqual([200, 'up 1\n', null])
  expect(await as('alice:open')).toEqual(refused)
  expect(await as('mallory:sesame')).toEqual(refused)
  expect(await as()).toEqual(refused)
  expect((await fetch(`${url}/-/healthy`)).status).toBe(401)
})

test('a renewed certificate is in force without a restart; a mistake changes nothing and is said', async () => {
  const { url, clock, troubles } = await started(`${tls} }`)
  const serial = async () => {
    const answer = await ask(url)
    return typeof answer === 'string' ? answer : answer.serial
  }
  const first = await serial()
  copy('renewed', 'server')
  expect(await serial()).toBe(first)
  await clock.advance(5)
  const second = await serial()
  expect(second).toMatch(/^[0-9A-F]{8,}$/)
  expect(second).not.toBe(first)
  writeFileSync(file, 'tls_server_config: { cert_file: server.pem }')
  await clock.advance(5)
  expect(troubles).toEqual([
    `--web-config ${file}: tls_server_config: key_file is missing. What was in force stays.`,
  ])
  expect(await serial()).toBe(second)
  writeFileSync(file, `basic_auth_users: { alice: "${hashSync('sesame', 4)}" }`)
  await clock.advance(5)
  expect(troubles[1]).toBe(
    `--web-config ${file}: TLS on or off and another client_auth_type need a restart. What was in force stays.`,
  )
  writeFileSync(file, `${tls} }\nbasic_auth_users: { alice: "${hashSync('sesame', 4)}" }`)
  await clock.advance(5)
  expect(await ask(url)).toMatchObject({ status: 401 })
})

test.each([
  [
    'tls_server_config: { cert_file: no.pem, key_file: no.pem }',
    /cert_file no\.pem cannot be read/,
  ],
  [
    'tls_server_config: { cert_file: authority.pem, key_file: server.key.pem }',
    /do not make a serv/,
  ],
  [`${tls}, cipher_suites: [TLS_FAST] }`, /cipher_suites: TLS_FAST is none that this Node\.js has/],
])('%s is told in one sentence', (config, sentence) => {
  copy('server', 'server')
  copyFileSync(join(certificates, 'authority.pem'), join(folder, 'authority.pem'))
  writeFileSync(file, config)
  expect(accessOf).toThrow(UserError)
  expect(accessOf).toThrow(sentence)
})
