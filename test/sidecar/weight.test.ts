import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** The packages that are loaded with `files`, whatever is asked for: `import()` and types are not. */
function packagesBehind(files: readonly string[]): { modules: number; packages: string[] } {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const walk = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const source = readFileSync(file, 'utf8')
    for (const [, what, from = ''] of source.matchAll(/^(?:im|ex)port ([^'"]*?)from '([^']+)'/gm)) {
      if (what?.startsWith('type ')) continue
      if (from.startsWith('.')) walk(resolve(dirname(file), from))
      else if (!from.startsWith('node:')) packages.add(from)
    }
  }
  for (const file of files) walk(resolve(root, file))
  return { modules: seen.size, packages: [...packages].sort() }
}

test('a sidecar that watches carries no YAML, schema or password library', () => {
  const entries = ['cli.ts', 'commands/parser.ts', 'commands/sidecar.ts', 'sidecar/index.ts']
  const { modules, packages } = packagesBehind(entries)
  expect(packages).toEqual([
    '@opentelemetry/api',
    '@opentelemetry/exporter-prometheus',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-metrics',
    'fastify',
    'negotiator',
    'yargs',
  ])
  expect(modules).toBeGreaterThan(60)
})

test('the walk sees what it looks for', () => {
  expect(packagesBehind(['sidecar/export/web/index.ts']).packages).toEqual([
    'bcryptjs',
    'lru-cache',
    'zod',
  ])
})
