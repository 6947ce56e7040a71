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
    // Too far from every command for a guess to help.
    [['foo'], 'There is no command foo. See `rerankscope --help`.'],
    [
      ['sidecar', 'http://x'],
      'http://x belongs to no option: `rerankscope sidecar` takes what it needs as --OPTION VALUE.',
    ],
  ])('%j: %s', async (argv, sentence) => {
    await expect(argsOf(...argv)).rejects.toThrow(sentence)
  })
})

async function printedFor(...argv: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await parseCommandLine(argv, { version: '1.2.3', columns: 80 })
  const printed = log.mock.calls.join('\n')
  log.mockRestore()
  return printed
}

describe('an option that is none', () => {
  test.each([
    [['--pot', '1'], 'There is no option --pot: did you mean --port?'],
    [['--fast'], 'There is no option --fast. See'],
    [['--dtype', 'fp99', '--log-format', 'xml'], '--log-format cannot be "xml": choose one of'],
  ])('%j: %s', async (argv, sentence) => {
    await expect(argsOf('serve', ...argv)).rejects.toThrow(sentence)
  })

  test('of a variable, with the name of the variable', async () => {
    vi.stubEnv('RERANKSCOPE_SERVE_MAX_LENGHT', '5')
    await expect(argsOf('serve')).rejects.toThrow(
      'The variable RERANKSCOPE_SERVE_MAX_LENGHT sets no option of `serve`: did you mean --max-length?',
    )
  })

  test('a value of a variable that is none is said of the variable', async () => {
    vi.stubEnv('RERANKSCOPE_SERVE_PORT', 'abc')
    await expect(argsOf('serve')).rejects.toThrow('RERANKSCOPE_SERVE_PORT must be a number.')
  })

  test('a shell can set the variables of a command with a dash, and they are no other command’s', async () => {
    vi.stubEnv('RERANKSCOPE_COMPAREENGINES_OUT', 'runs/e')
    expect(await argsOf('compare-engines', '--target', 'http://x')).toMatchObject({ out: 'runs/e' })
    expect(await argsOf('compare', 'a', 'b')).not.toHaveProperty('out', 'runs/e')
  })
})

test('examples are lines to copy, whatever the language of the shell', async () => {
  vi.stubEnv('LC_ALL', 'zh_CN.UTF-8')
  const help = await printedFor('sidecar', '--help')
  expect(help.slice(help.indexOf('\nExamples:\n')).split('\n').slice(2, 4)).toEqual([
    '  # watch the reranker on port 8080 and its GPU',
    '  rerankscope sidecar --target http://127.0.0.1:8080',
  ])
  expect(help).toContain(
    '--target http://127.0.0.1:8080 --proxy 127.0.0.1:8081 \\\n    --record traffic.jsonl',
  )
  expect(help).toMatch(/^Options:$/m)
  expect(await printedFor('help', 'sidecar')).toBe(help)
  expect(await printedFor('sidecar', '-h')).toBe(help)
  expect(await printedFor('-v')).toBe('1.2.3')
})

test('the help of a command names its environment variables, within 80 columns', async () => {
  const help = await printedFor('serve', '--help')
  expect(help).toContain('RERANKSCOPE_SERVE_<OPTION>')
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
})

describe('a value that is none', () => {
  test.each([
    [['--port', 'abc'], '--port must be a number. See `rerankscope serve --help`.'],
    [['--port'], '--port needs a value. See `rerankscope serve --help`.'],
    [['--device'], '--device needs a value.'],
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
    ['prot: 1\n', 'There is no option --prot: did you mean --port?'],
    ['- port\n', 'must hold a YAML mapping'],
    [
      'truncation: never\n',
      '--truncation cannot be "never": choose one of "longest_first", "only_second"',
    ],
  ])('in a file, %j', async (text, sentence) => {
    await expect(argsOf('serve', '--config', configOf(text))).rejects.toThrow(sentence)
  })

  test('an option that is a list may be given twice', async () => {
    const args = await argsOf('load', '--target=http://x', '--slo', 'p95=1s', '--slo', 'p50=1s')
    expect(args?.['slo']).toEqual(['p95=1s', 'p50=1s'])
  })
})
