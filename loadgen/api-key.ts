import { readFile, stat } from 'node:fs/promises'
import { messageOf, usageError } from '../core/errors.ts'

/** Longer than any key; a wrong file must not be read whole. */
const maximumBytes = 8192

/**
 * The key to send to the target: from the file, else from the environment. It goes into headers only,
 * never into a file, a message or an argument list, and no message quotes it.
 *
 * @throws UserError (usage) when there is one that is no key.
 */
export async function readApiKey(
  file: string | undefined,
  fromEnvironment: { readonly name: string; readonly value: string | undefined },
): Promise<string | undefined> {
  if (file !== undefined) return keyIn(await contentOf(file), `--api-key-file ${file}`)
  const { name, value } = fromEnvironment
  return value === undefined || value === '' ? undefined : keyIn(value, name)
}

async function contentOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > maximumBytes) {
      throw new Error(`it holds more than ${String(maximumBytes)} bytes, which is no key`)
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    throw usageError(`--api-key-file ${file} cannot be used: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

function keyIn(content: string, source: string): string {
  const key = content.replace(/^\uFEFF/, '').trim()
  if (key === '') throw usageError(`${source} is empty: put the key into it, alone on one line.`)
  if (/[\r\n]/.test(key)) {
    throw usageError(`${source} holds several lines: put the key into it, alone on one line.`)
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw usageError(
      `${source} holds a character that no key has (a space, or one outside ASCII): put the key into it, alone on one line.`,
    )
  }
  return key
}
