import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const copied = [
  'cli.ts',
  'core',
  'commands',
  'reference-server',
  'sidecar',
  'loadgen',
  'comparison',
  'dashboards',
  'alerts',
  'scripts',
  'tsconfig.json',
  'package.json',
]

async function check(folder: string): Promise<{ code: number; output: string }> {
  return run(process.execPath, [join(root, 'scripts/boundaries.mjs'), folder]).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, output: stdout + stderr }
    },
  )
}

describe('the boundary check', () => {
  let copy: string

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'rerankscope-boundaries-'))
    for (const entry of copied) {
      await cp(join(root, entry), join(copy, entry), { recursive: true })
    }
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  test('passes on the tree as it is, and says how much it saw', async () => {
    const { code, output } = await check(root)
    expect(output).toMatch(/^boundaries: \d{2,} modules, \d{2,} imports, 0 violations$/m)
    expect(code).toBe(0)
  })

  test.each([
    ['core/planted.ts', "export * from '../sidecar/index.ts'\n", 'core-imports-nothing-of-ours'],
    [
      'sidecar/planted.ts',
      "export * from '../loadgen/index.ts'\n",
      'sidecar-imports-core-and-itself',
    ],
    [
      'commands/planted.ts',
      "export * from '../reference-server/infer/launcher.ts'\n",
      'commands-use-front-doors',
    ],
    [
      'comparison/planted.ts',
      "export * from '../loadgen/index.ts'\n",
      'comparison-imports-core-and-itself',
    ],
    ['loadgen/planted.ts', "export * from '../core/dialects/tei.ts'\n", 'nobody-names-a-dialect'],
  ])('fails on a violation planted in %s', async (file, source, rule) => {
    await writeFile(join(copy, file), source)
    const { code, output } = await check(copy)
    await rm(join(copy, file))
    expect(output).toContain(`${file} → `)
    expect(output).toContain(rule)
    expect(code).toBe(1)
  })
})
