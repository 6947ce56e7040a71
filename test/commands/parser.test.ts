import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseCommandLine } from '../../commands/parser.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-parser-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
})

async function argsOf(...argv: string[]) {
  const parsed = await parseCommandLine(argv, { version: '0.0.0', columns: 100 })
  return parsed?.args
}

function configOf(text: string): string {
  const path = join(folder, 'config.yaml')
  writeFileSync(path, text)
  return path
}

describe('where an option comes from', () => {
  test('a flag wins over the environment, which wins over the file, which wins over the default', async () => {
    const config = configOf('port: 1\nmax-length: 2\nthreads: 3\n')
    vi.stubEnv('RERANKSCOPE_SERVE_PORT', '10')
    vi.stubEnv('RERANKSCOPE_SERVE_MAX_LENGTH', '20')
    expect(await argsOf('serve', '--config', config, '--port', '100')).toMatchObject({
      port: 100,
      'max-length': 20,
      threads: 3,
      'cache-mib': 64,
    })
  })

  test('the file may be named by the environment, and its keys in camel case', async () => {
    vi.stubEnv('RERANKSCOPE_SERVE_CONFIG', configOf('maxLength: 32\n'))
    expect(await argsOf('serve')).toMatchObject({ 'max-length': 32 })
  })
})

describe('a command that is none', () => {
  test.each([
    [['demoo'], 'There is no command demoo: did you mean demo? See `rerankscope --help`.'],
    [
      ['alerts'],
      'Something is missing: `rerankscope alerts <action>`. See `rerankscope alerts --help`.',
    ],
    [['report'], 'Something is missing: `rerankscope report <folders..>`.'],
  ])('%j: %s', async (argv, sentence) => {
    await expect(argsOf(...argv)).rejects.toThrow(sentence)
  })
})

test('the help of a command names its environment variables, within 80 columns', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await parseCommandLine(['serve', '--help'], { version: '0', columns: 80 })
  const help = log.mock.calls.join('\n')
  log.mockRestore()
  expect(help).toContain('RERANKSCOPE_SERVE_<OPTION>')
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
})

describe('a value that is none', () => {
  test.each([
    [['--port', 'abc'], '--port must be a number. See `rerankscope serve --help`.'],
    [['--port'], 'Not enough arguments following: port.'],
    [['--device'], 'Not enough arguments following: device.'],
    [['--port', '1', '--port', '2'], '--port was given twice: give it once.'],
    [['--model', 'a', '--model', 'b'], '--model was given twice: give it once.'],
  ])('%j: %s', async (argv, sentence) => {
    await expect(argsOf('serve', ...argv)).rejects.toThrow(sentence)
  })

  test.each([
    ['port:\n', ': port must be a number.'],
    ['port: { a: 1 }\n', ': port must be a number.'],
    ['port: [1, 2]\n', ': port must be a number.'],
    ['model: null\n', ': model must be a text.'],
    ['maxLength: null\n', ': maxLength must be a number.'],
    ['json: "yes"\n', ': json must be true or false.'],
    ['prot: 1\n', 'Unknown argument: prot.'],
    ['- port\n', 'must hold a YAML mapping'],
    ['truncation: never\n', 'Choices: "longest_first", "only_second"'],
  ])('in a file, %j', async (text, sentence) => {
    await expect(argsOf('serve', '--config', configOf(text))).rejects.toThrow(sentence)
  })

  test('an option that is a list may be given twice', async () => {
    const args = await argsOf('load', '--target=http://x', '--slo', 'p95=1s', '--slo', 'p50=1s')
    expect(args?.['slo']).toEqual(['p95=1s', 'p50=1s'])
  })
})
