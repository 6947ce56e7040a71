import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** What a user gets from npm: the packed files alone, with this checkout's installed dependencies. */
describe('the package', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-package-'))
    // The tests run on a build already; packing must not build over it while others use it.
    execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
      cwd: root,
    })
    const [tarball] = readdirSync(folder)
    execFileSync('tar', ['-xzf', join(folder, tarball ?? ''), '-C', folder])
    execFileSync('ln', ['-s', join(root, 'node_modules'), join(folder, 'package/node_modules')])
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const cli = (...programArguments: string[]) =>
    execFileSync(process.execPath, [join(folder, 'package/dist/cli.js'), ...programArguments], {
      encoding: 'utf8',
      cwd: folder,
    })

  test('runs from the packed files alone', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    expect(cli('--version').trim()).toBe(version)
    for (const command of ['serve', 'sidecar', 'load', 'report', 'demo', 'doctor']) {
      expect(cli('--help')).toContain(`rerankscope ${command}`)
      expect(cli(command, '--help')).toContain('Examples:')
    }
  })

  test('brings the licence, both READMEs, the boards and the rules, and no tests', () => {
    const files = readdirSync(join(folder, 'package'), { recursive: true, encoding: 'utf8' })
    for (const file of [
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'dashboards/generated/overview.json',
      'alerts/generated/prometheus-rules.yaml',
    ]) {
      expect(files).toContain(file)
    }
    expect(files.filter((file) => file.startsWith('test') || file.startsWith('dist/test'))).toEqual(
      [],
    )
  })

  test('the change log has a heading for this version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(`## ${version}`)
  })
})
