import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import { messageOf, usageError, type UserError } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'

/** Loaded by the first file: without one, a sidecar runs for days and never reads YAML. */
const yaml = () => createRequire(import.meta.url)('yaml') as typeof Yaml

export interface YamlFile {
  readonly value: unknown
  /** The line, from 1, of what is at the path or, where nothing is, of what would hold it. */
  readonly lineOf: (path: readonly (string | number)[]) => number
}

/** What the file of `option` holds. Throws a `UserError` (usage) when it cannot be read as YAML. */
export function readYaml(option: string, path: string): unknown {
  return readYamlFile(option, path).value
}

/** As `readYaml`, with the places of what it holds. */
export function readYamlFile(option: string, path: string): YamlFile {
  try {
    const lines = new (yaml().LineCounter)()
    const document = yaml().parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines })
    const [error] = document.errors
    if (error !== undefined) throw error
    return {
      value: document.toJS(),
      lineOf: (keys) => lines.linePos(offsetOf(document, keys)).line,
    }
  } catch (error) {
    // The parser adds the lines around the place below its sentence.
    const sentence = messageOf(error)
      .replace(/:?\n.*/s, '')
      .replace(/(?<!\.)$/, '.')
    throw usageError(`${option} ${path} cannot be read: ${sentence}`, { cause: error })
  }
}

/** Everything that is wrong with a file, each with its line, in one sentence. */
export function problemsError(
  option: string,
  { lineOf }: YamlFile,
  problems: readonly Problem[],
): UserError {
  const told = problems.map(({ path: keys, message }) => {
    const where = keys.length === 0 ? '' : `, ${keys.join('.')}`
    return `line ${String(lineOf(keys))}${where}: ${message}`
  })
  return usageError(`${option}: ${told.join('; ')}.`)
}

function offsetOf(document: Yaml.Document, path: readonly (string | number)[]): number {
  const { isMap, isNode, isSeq } = yaml()
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key))
      if (pair === undefined) return offset
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      if (isNode(node)) offset = node.range?.[0] ?? offset
    }
  }
  return offset
}
