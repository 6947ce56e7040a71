import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Folders of members: every file but the interface stands in the folder's list. */
const memberFolders: readonly { folder: string; list: string; besides: readonly string[] }[] = [
  { folder: 'core/dialects', list: 'index.ts', besides: ['dialect.ts'] },
  {
    folder: 'loadgen/dataset',
    list: 'index.ts',
    besides: [
      'candidates.ts',
      'dataset.ts',
      'judged.ts',
      'lexicon.ts',
      'parquet.ts',
      'parts.ts',
      'random.ts',
      'rows.ts',
      'sample.ts',
    ],
  },
  { folder: 'loadgen/plan/arrivals', list: 'index.ts', besides: ['arrivals.ts'] },
  {
    folder: 'commands',
    list: 'index.ts',
    besides: [
      'address.ts',
      'autoscale-load.ts',
      'autoscale-simulate.ts',
      'closest.ts',
      'command.ts',
      'children.ts',
      'each-engine.ts',
      'export.ts',
      'find-tokenizer.ts',
      'grafana.ts',
      'help.ts',
      'parser.ts',
      'policy-file.ts',
      'profile-file.ts',
      'out.ts',
      'progress-bar.ts',
      'model-cache.ts',
      'model-pull.ts',
      'slo.ts',
      'target-option.ts',
      'yaml-file.ts',
    ],
  },
  { folder: 'dashboards/formats', list: 'index.ts', besides: ['format.ts'] },
  { folder: 'dashboards/preview/kinds', list: 'index.ts', besides: ['kind.ts'] },
  {
    folder: 'reference-server/model/architectures',
    list: 'index.ts',
    besides: ['architecture.ts'],
  },
  {
    folder: 'reference-server/model/sources',
    list: 'index.ts',
    besides: ['source.ts', 'random-weights.ts', 'twin-shapes.ts'],
  },
]

describe('one member = one file + one line in a list', () => {
  test.each(memberFolders)(
    'every file of $folder stands in its list',
    ({ folder, list, besides }) => {
      const source = readFileSync(join(root, folder, list), 'utf8')
      const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.ts'))
      const missing = files
        .filter((file) => file !== list && !besides.includes(file))
        .filter((file) => !source.includes(`'./${file}'`))
      expect(missing).toEqual([])
      expect(files.length).toBeGreaterThan(besides.length + 1)
    },
  )
})

describe('what must not stand in the repository', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '')

  test('no download address in the lock file: it would name one machine’s registry', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    expect(lock).not.toContain('"resolved": "http')
  })

  test('no path of one machine', () => {
    const homes = new RegExp(
      ['/ho' + 'me/', '/Us' + 'ers/', '/ro' + 'ot/', '/wo' + 'rk/'].join('|'),
    )
    const text = files.filter((file) => /\.(ts|mjs|js|md|ya?ml|json|sh)$/.test(file))
    const found = text.filter((file) => homes.test(readFileSync(join(root, file), 'utf8')))
    expect(text.length).toBeGreaterThan(30)
    expect(found).toEqual([])
  })

  test('no focused, skipped or silenced check without a reason', () => {
    const marks = /\b(test|describe|it)\.only\(|@ts-(ignore|nocheck)|eslint-disable(?!.*--)/
    const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('test/repo/'))
    const found = sources.filter((file) => marks.test(readFileSync(join(root, file), 'utf8')))
    expect(found).toEqual([])
  })
})
