import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { messageOf, usageError } from '../core/errors.ts'

/** What the file of `option` holds. Throws a `UserError` (usage) when it cannot be read as YAML. */
export function readYaml(option: string, path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // The parser adds the lines around the place below its sentence.
    const sentence = messageOf(error).replace(/:?\n.*/s, '.')
    throw usageError(`${option} ${path} cannot be read: ${sentence}`, { cause: error })
  }
}
