import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { messageOf, usageError } from '../core/errors.ts'
import type { TargetUrl } from '../core/target-url.ts'
import { modelNamesOf } from './model-names.ts'
import type { RunOptions } from './options.ts'
import type { TokenOptions } from './plan/lengths.ts'
import type { TokenCounter } from './plan/tokens.ts'
import type { Preflight } from './target.ts'

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

/** What counts tokens, or why nothing does although it was looked for. */
export type Tokens = TokenOptions | { readonly missing: string }

/**
 * The tokenizer that was named, else the one of the target's model if it is on this machine. Undefined
 * when tokens are not to be counted, or nobody says where to look.
 *
 * @throws UserError (usage) when the one that was named cannot be used.
 */
export async function tokensFor(
  { tokenizer, findTokenizer }: RunOptions,
  target: TargetUrl,
  found: Preflight,
  signal: AbortSignal,
): Promise<Tokens | undefined> {
  const limit = found.info?.maximumInputTokens
  if (tokenizer === 'none') return undefined
  if (tokenizer !== undefined) return { counter: await readTokenizer(tokenizer), limit }
  if (findTokenizer === undefined) return undefined
  const names = await modelNamesOf(target, found, signal)
  for (const name of names) {
    const path = await findTokenizer(name)
    if (path === undefined) continue
    try {
      const counter = await readTokenizer(path)
      return { counter: { ...counter, name: `${name}/tokenizer.json` }, limit, foundFor: name }
    } catch {
      // It was not asked for: it must not end the run.
      return {
        missing: `the tokenizer of ${short(name)} on this machine cannot be used; ${remedy}`,
      }
    }
  }
  const [name] = names
  return {
    missing:
      name === undefined
        ? `the target does not say which model it serves; ${remedy}`
        : `the tokenizer of ${short(name)} is not on this machine; ${remedy}`,
  }
}

const remedy = "name the model's folder or tokenizer.json with --tokenizer"
/** Targets call their models what they like. */
const short = (name: string) => name.slice(0, 120)

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
