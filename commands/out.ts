import { writeFile } from 'node:fs/promises'
import { environmentError, messageOf } from '../core/errors.ts'

/** Writes the file that `--out` names. Throws a `UserError` (environment) when that cannot be. */
export async function writeOut(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (error) {
    throw environmentError(`--out ${path} cannot be written: ${messageOf(error)}.`)
  }
}
