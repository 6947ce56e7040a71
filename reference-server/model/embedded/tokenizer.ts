import { specialTokens, type VocabularyEntry } from './vocabulary.ts'

/** `tokenizer.json` as Hugging Face's libraries read it: BERT's normaliser, splitter and template. */
export function tokenizerJson(vocabulary: readonly VocabularyEntry[]): object {
  const ids = new Map(vocabulary.map(({ token }, id) => [token, id]))
  const special = (token: string) => ({ id: token, ids: [ids.get(token)], tokens: [token] })
  const { classification, separator } = specialTokens
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.values(specialTokens).map((content) => ({
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
      single: [
        { SpecialToken: { id: classification, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: separator, type_id: 0 } },
      ],
      pair: [
        { SpecialToken: { id: classification, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: separator, type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: separator, type_id: 1 } },
      ],
      special_tokens: {
        [classification]: special(classification),
        [separator]: special(separator),
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specialTokens.unknown,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  }
}

export function tokenizerConfigJson(maximumTokens: number): object {
  return {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: true,
    model_max_length: maximumTokens,
    pad_token: specialTokens.padding,
    unk_token: specialTokens.unknown,
    cls_token: specialTokens.classification,
    sep_token: specialTokens.separator,
    mask_token: specialTokens.mask,
  }
}
