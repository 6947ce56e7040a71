import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf, usageError } from '../core/errors.ts'
import type { CommandContext } from './command.ts'

/** Writes files into `--out DIR`, which is made when it is missing, and prints the path of each. */
export function exportFiles(
  directory: string | undefined,
  files: readonly (readonly [name: string, text: string])[],
  { stdout }: CommandContext,
): void {
  // An empty name, as of a variable that is not set, would fill the folder one stands in.
  if (directory === undefined || directory === '')
    throw usageError('Say where to export to, with --out DIR.')
  for (const [name, text] of files) {
    const path = join(directory, name)
    try {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    } catch (error) {
      throw usageError(`--out ${directory} cannot be written to: ${messageOf(error)}`, {
        cause: error,
      })
    }
    stdout.write(`${path}\n`)
  }
}
