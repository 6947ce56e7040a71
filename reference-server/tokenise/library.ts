import * as library from '@huggingface/tokenizers'

/** What we use of a `Tokenizer` of @huggingface/tokenizers 0.2. */
export interface TextTokenizer {
  encode(
    text: string,
    options?: {
      readonly text_pair?: string
      readonly add_special_tokens?: boolean
      readonly return_token_type_ids?: boolean
    },
  ): { readonly ids: readonly number[]; readonly token_type_ids?: readonly number[] }
  token_to_id(token: string): number | undefined
}

/** The package's own declarations lack the file extensions that Node's resolution asks for. */
const { Tokenizer } = library as unknown as {
  readonly Tokenizer: new (tokenizer: object, config: object) => TextTokenizer
}

/** From the parsed `tokenizer.json` and `tokenizer_config.json`. Throws when they are not such. */
export function tokenizerOf(tokenizer: object, config: object): TextTokenizer {
  return new Tokenizer(tokenizer, config)
}
