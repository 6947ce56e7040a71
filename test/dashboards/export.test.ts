import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compiledModule, packageFile } from '../../core/program.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** An installation without development dependencies: Grafana's SDK cannot be found. */
const hook = `export async function resolve(name, context, next) {
  if (name.startsWith('@grafana/')) throw new Error('not installed: ' + name)
  return next(name, context)
}`
const withoutSdk = `data:text/javascript,${encodeURIComponent(
  `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))`,
)}`

function runModule(path: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', withoutSdk, compiledModule(path), ...words],
    { encoding: 'utf8', timeout: 20_000 },
  )
  return { status, stdout, stderr }
}
const cli = (...words: readonly string[]) => runModule('cli.js', ...words)

test('the SDK is really out of reach here: the generator, which needs it, fails', () => {
  const { status, stderr } = runModule('scripts/generate.js', '--check')
  expect(status).not.toBe(0)
  expect(stderr).toContain('not installed: @grafana/grafana-foundation-sdk')
})

describe('dashboards, without the development dependencies', () => {
  test('list names every board and says what it shows', () => {
    const { status, stdout, stderr } = cli('dashboards', 'list')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'overview',
      'gpu',
      'latency',
      'load-test',
      '',
    ])
    expect(stdout).toContain(
      'overview   The ten-second answer: is the reranker well, and what does its GPU say to do?\n',
    )
    expect(JSON.parse(cli('dashboards', 'list', '--json').stdout)).toMatchObject([
      { name: 'overview', uid: 'rerankscope-overview' },
      { name: 'gpu', uid: 'rerankscope-gpu' },
      { name: 'latency', uid: 'rerankscope-latency' },
      { name: 'load-test', uid: 'rerankscope-load-test' },
    ])
  })

  test('export writes the committed file, byte for byte', () => {
    expect(cli('dashboards', 'export', '--out', directory, '--name', 'overview').status).toBe(0)
    expect(readdirSync(directory)).toEqual(['overview.json'])
    expect(readFileSync(join(directory, 'overview.json'), 'utf8')).toBe(
      readFileSync(packageFile('dashboards/generated/overview.json'), 'utf8'),
    )
  })

  test.each([
    [['dashboards', 'export'], 'Say where to export to, with --out DIR.'],
    [
      ['dashboards', 'export', '--out', 'x', '--name', 'cost'],
      'There is no board cost: --board takes overview, gpu, latency, load-test.',
    ],
    [['dashboards', 'burn'], 'There is no `dashboards burn`: say list, export'],
    [['alerts', 'export'], 'Say where to export to, with --out DIR.'],
    [['alerts', 'burn'], 'There is no `alerts burn`: say export or check.'],
    [['alerts', 'export', '--out', 'x', '--policy', 'no.yaml'], '--policy no.yaml cannot be read'],
  ])('%j is refused in one sentence', (words, sentence) => {
    const { status, stdout, stderr } = cli(...words)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
