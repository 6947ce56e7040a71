/** The special tokens of a model, by what they are for. */
export interface SpecialTokens {
  readonly padding: string
  readonly unknown: string
  /** In front of the query. */
  readonly classification: string
  /** Behind each text. */
  readonly separator: string
  readonly mask: string
}

export interface WordPiece {
  /** Position in the list is the token's id; holds every special token once. */
  readonly tokens: readonly string[]
  readonly specials: SpecialTokens
  /** BERT writes one separator between the texts, RoBERTa two. */
  readonly separatorsBetween: 1 | 2
  /** The document's token type; the query's is 0. */
  readonly documentType: 0 | 1
}

/** `tokenizer.json` as Hugging Face's libraries read it: BERT's normaliser and splitter, the model's template. */
export function tokenizerJson({
  tokens,
  specials,
  separatorsBetween,
  documentType,
}: WordPiece): object {
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const listed = (token: string) => ({ id: token, ids: [ids.get(token)], tokens: [token] })
  const { classification, separator } = specials
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } })
  const between = Array.from({ length: separatorsBetween }, () => special(separator, 0))
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.values<string>({ ...specials }).map((content) => ({
      id: ids.get(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(classification, 0), text('A', 0), special(separator, 0)],
      pair: [
        special(classification, 0),
        text('A', 0),
        ...between,
        text('B', documentType),
        special(separator, documentType),
      ],
      special_tokens: {
        [classification]: listed(classification),
        [separator]: listed(separator),
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specials.unknown,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  }
}

export function tokenizerConfigJson(specials: SpecialTokens, maximumTokens: number): object {
  return {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: true,
    model_max_length: maximumTokens,
    pad_token: specials.padding,
    unk_token: specials.unknown,
    cls_token: specials.classification,
    sep_token: specials.separator,
    mask_token: specials.mask,
  }
}
