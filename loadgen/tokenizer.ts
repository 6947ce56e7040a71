import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { messageOf, usageError } from '../core/errors.ts'
import type { TokenCounter } from './plan/tokens.ts'

/** What we use of a `Tokenizer` of @huggingface/tokenizers 0.2, whose own declarations Node cannot resolve. */
interface Library {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(
      text: string,
      options?: { readonly text_pair?: string; readonly add_special_tokens?: boolean },
    ): { readonly ids: readonly number[] }
  }
}

/**
 * Counts tokens with the model's own tokenizer: a folder of the model, or its `tokenizer.json`
 * (`tokenizer_config.json` beside it is read where there is one).
 *
 * @throws UserError (usage) when it cannot be read or is no tokenizer.
 */
export async function readTokenizer(path: string): Promise<TokenCounter> {
  try {
    const file = (await stat(path)).isDirectory() ? join(path, 'tokenizer.json') : path
    const tokenizer = await objectIn(file)
    const config = await objectIn(join(dirname(file), 'tokenizer_config.json')).catch(() => ({}))
    // Only who counts tokens waits for the library.
    const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as Library
    const made = new Tokenizer(tokenizer, config)
    const count = (text: string) => made.encode(text, { add_special_tokens: false }).ids.length
    const pair = made.encode('a', { text_pair: 'b' }).ids.length
    return {
      name: `${basename(dirname(file))}/${basename(file)}`,
      count,
      specialTokens: pair - count('a') - count('b'),
    }
  } catch (error) {
    throw usageError(
      `--tokenizer ${path} cannot be used: ${messageOf(error)}; name the model's folder or its tokenizer.json.`,
      { cause: error },
    )
  }
}

async function objectIn(file: string): Promise<object> {
  const value: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (typeof value === 'object' && value !== null) return value
  throw new Error(`${basename(file)} holds no object`)
}
