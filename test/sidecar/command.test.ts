import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseCommandLine } from '../../commands/parser.ts'
import { UserError } from '../../core/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'rerankscope-command-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Runs `rerankscope sidecar ARGUMENTS` in this process; stops it when it says that it listens. */
async function run(...words: readonly string[]): Promise<{ code: number; said: string }> {
  const controller = new AbortController()
  let said = ''
  const stream = {
    write: (text: string) => {
      said += text
      if (text.includes('listening')) controller.abort()
      return true
    },
  } as unknown as NodeJS.WriteStream
  try {
    const parsed = await parseCommandLine(['sidecar', ...words], { version: '0', columns: 80 })
    const code = await parsed?.command.run(parsed.args, {
      signal: controller.signal,
      stdout: stream,
      stderr: stream,
      environment: {},
      version: '0',
    })
    return { code: code ?? -1, said }
  } catch (error) {
    if (error instanceof UserError) return { code: error.exitCode, said: error.message }
    throw error
  }
}

const watch = ['--target', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0'] as const

test('says where it listens, in words and in JSON, and ends with 0', async () => {
  const words = await run(...watch)
  expect(words.code).toBe(0)
  expect(words.said).toMatch(/^rerankscope sidecar: listening on http:\/\/127\.0\.0\.1:\d+\n$/)
  const json = await run(...watch, '--json')
  expect(json.said.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(json.said)).toEqual({
    event: 'listening',
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
  })
})

test('a port in use', async () => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const where = `127.0.0.1:${String((holder.address() as AddressInfo).port)}`
  expect(await run('--target', 'http://127.0.0.1:1', '--listen', where)).toEqual({
    code: 3,
    said: `${where} is in use: stop what holds it, or choose another with --listen HOST:PORT.`,
  })
  holder.close()
})

test.each([
  [[], /Name the reranker with --target URL/],
  [['--target', 'nonsense'], /--target must be a URL such as http:/],
  [['--target', 'ftp://me:secret@host'], /--target must start with http:/],
  [['--server', 'none', '--gpu', 'emulated'], /Name the reranker/],
  [['--server', 'none', '--gpu', 'none'], /leave nothing to watch/],
  [
    [...watch, '--server', 'tgi'],
    /--server must be one of auto, rerankscope, tei, .*generic:FILE, none, not tgi/,
  ],
  [
    [...watch, '--gpu', 'amd'],
    /--gpu must be one of auto, nvidia-smi, emulated, dcgm:URL, replay:FILE, none/,
  ],
  [[...watch, '--gpu', 'replay:/no/such'], /The recording \/no\/such cannot be read/],
  [[...watch, '--interval', '0.2'], /--interval must be from 0\.25 to 60 seconds/],
  [[...watch, '--interval', 'often'], /--interval must be/],
  [['--server', 'none', '--metrics', 'http://h'], /--metrics says where .* --target URL/],
  [[...watch, '--metrics', 'here'], /--metrics must be a URL/],
  [[...watch, '--server', 'generic:/no/such'], /--server generic:\/no\/such cannot be read/],
  [['--server', 'none', '--proxy', '127.0.0.1:0'], /--proxy stands before .* --target URL/],
  [[...watch, '--proxy', '8081'], /--proxy must be HOST:PORT/],
  [
    ['--target', 'http://h', '--listen', '127.0.0.1:9464', '--proxy', '127.0.0.1:9464'],
    /--proxy and --listen are the same address/,
  ],
  [[...watch, '--record', 'x'], /--record writes down .* --proxy HOST:PORT/],
  [[...watch, '--proxy', '127.0.0.1:0', '--record-texts'], /--record-texts needs --record FILE/],
  [[...watch, '--proxy', '127.0.0.1:0', '--record-mib', '0'], /--record-mib must be more than 0/],
  [
    [...watch, '--proxy', '127.0.0.1:0', '--record', '/no/such/file'],
    /--record \/no\/such\/file cannot be made \(ENOENT\)/,
  ],
  [['--target', 'http://h', '--listen', '9464'], /--listen must be HOST:PORT/],
  [['--target', 'http://h', '--listen', 'h:70000'], /--listen must be HOST:PORT/],
  [[...watch, '--otlp', 'collector'], /--otlp must be/],
  [[...watch, '--policy', '/no/such.yaml'], /--policy \/no\/such\.yaml cannot be read/],
  [[...watch, '--web-config', '/no/such.yml'], /--web-config \/no\/such\.yml cannot be read/],
  [[...watch, '--nonsense'], /nonsense/],
])('wrong usage %j is one sentence and exit code 2', async (words, sentence) => {
  const { code, said } = await run(...words)
  expect(code).toBe(2)
  expect(said).toMatch(sentence)
  expect(said).not.toContain('secret')
})

test('all problems of a policy file at once', async () => {
  const file = join(folder, 'policy.yaml')
  writeFileSync(file, 'scaleIn: { utilizationRatio: 7 }\nscaleOutt: {}\np95Seconds: soon\n')
  const { code, said } = await run(...watch, '--policy', file)
  expect(code).toBe(2)
  expect(said).toMatch(/scaleIn\.utilizationRatio.*; /)
  expect(said).toContain('p95Seconds')
  expect(said).toContain('scaleOutt')
})

test('a policy file that is no YAML is one sentence', async () => {
  const file = join(folder, 'broken.yaml')
  writeFileSync(file, 'scaleOut: { utilizationRatio: 0.85\nfoo: [1')
  const { code, said } = await run(...watch, '--policy', file)
  expect(code).toBe(2)
  expect(said).toMatch(/broken\.yaml cannot be read: .* at line 2, column 1\.$/)
})

test('an address of another machine', async () => {
  const { code, said } = await run('--target', 'http://h', '--listen', '192.0.2.1:0')
  expect(code).toBe(3)
  expect(said).toBe(
    '192.0.2.1 is no address of this machine: choose another with --listen HOST:PORT.',
  )
})
