import type { TextTokenizer } from './library.ts'
import type { PairTemplate } from './messages.ts'

/**
 * What the tokeniser puts around a pair, learnt from one pair, so that query and documents can be
 * split once each and joined by us: `[CLS] q [SEP] d [SEP]` for BERT, `<s> q </s></s> d </s>` for
 * XLM-R. Throws when the tokeniser does not keep the query's ids before the document's.
 */
export function templateOf(tokenizer: TextTokenizer, config: object): PairTemplate {
  const alone = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids
  const [query, document] = [alone('one'), alone('2')]
  const pair = tokenizer.encode('one', { text_pair: '2', return_token_type_ids: true })
  const queryAt = indexOf(pair.ids, query, 0)
  const documentAt = indexOf(pair.ids, document, queryAt + query.length)
  if (queryAt < 0 || documentAt < 0) {
    throw new Error('the tokeniser does not write a pair as query, then document')
  }
  return {
    before: Int32Array.from(pair.ids.slice(0, queryAt)),
    between: Int32Array.from(pair.ids.slice(queryAt + query.length, documentAt)),
    after: Int32Array.from(pair.ids.slice(documentAt + document.length)),
    documentType: pair.token_type_ids?.[documentAt] ?? 0,
    paddingId: paddingIdOf(tokenizer, config),
  }
}

/** Padding is masked, so a wrong id costs nothing but must be in the vocabulary. */
function paddingIdOf(tokenizer: TextTokenizer, config: object): number {
  const named = 'pad_token' in config ? config.pad_token : undefined
  const token = typeof named === 'string' ? named : '[PAD]'
  return tokenizer.token_to_id(token) ?? 0
}

function indexOf(ids: readonly number[], part: readonly number[], from: number): number {
  for (let at = from; at + part.length <= ids.length; at += 1) {
    if (part.every((id, offset) => ids[at + offset] === id)) return at
  }
  return -1
}
