import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../commands/index.ts'
import { parseCommandLine } from '../../commands/parser.ts'

const root = resolve(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'README.zh-CN.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

/** Command lines in the shell blocks of a page, continued lines joined, comments dropped. */
function commandLines(page: string): readonly string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
}

function argumentsOf(line: string): readonly string[] | undefined {
  const match = /^(?:npx )?rerankscope (.*?)(?: &)?(?: > .*)?$/.exec(line)
  return match?.[1]?.split(/\s+/)
}

describe('the commands in the docs', () => {
  const lines = pages.flatMap((page) => commandLines(page).map((line) => ({ page, line })))
  const ours = lines.filter(({ line }) => argumentsOf(line) !== undefined)

  test.each(ours)('$page: $line', async ({ line }) => {
    const words = argumentsOf(line) ?? []
    const parsed = await parseCommandLine(words, { version: '0', columns: 80 })
    expect(parsed?.command.usage.split(' ')[0]).toBe(words[0])
  })

  test('every command is shown on some page, and its own examples parse', async () => {
    const shown = new Set(ours.map(({ line }) => argumentsOf(line)?.[0]))
    for (const { name, load } of commands) {
      const command = await load()
      expect(command.usage.split(' ')[0]).toBe(name)
      expect(shown).toContain(name)
      for (const [example] of command.examples) {
        const parsed = await parseCommandLine(example.split(/\s+/), { version: '0', columns: 80 })
        expect(parsed?.command).toBe(command)
      }
    }
  })

  test('every option of every command stands on some page', async () => {
    const text = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n')
    const missing: string[] = []
    for (const { name, load } of commands) {
      const { options } = await load()
      for (const option of Object.keys(options)) {
        if (!new RegExp(`--${option}(?![\\w-])`).test(text)) missing.push(`${name} --${option}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('npm scripts that the docs name exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = lines.flatMap(({ line }) =>
      [...line.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name),
    )
    for (const name of named) expect(Object.keys(scripts)).toContain(name)
    expect(lines.map(({ line }) => line)).toContain('npm ci && npm start')
    expect(lines.map(({ line }) => line)).toContain('npm ci && npm test')
  })

  test('links between pages lead somewhere', () => {
    for (const page of pages) {
      const text = readFileSync(join(root, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
        const path = resolve(root, page, '..', target)
        expect(() => readFileSync(path), `${page} links to ${target}`).not.toThrow(/ENOENT/)
      }
    }
  })
})
