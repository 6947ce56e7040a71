/**
 * Ten passages about one thing, each with the one question that it alone answers. For each question
 * the nine others are the distractors: they share its subject and its everyday words.
 */
export interface CheckTopic {
  readonly language: 'English' | 'Chinese' | 'mixed'
  readonly name: string
  readonly cases: readonly { readonly query: string; readonly passage: string }[]
}

export function topic(
  language: CheckTopic['language'],
  name: string,
  pairs: readonly (readonly [query: string, passage: string])[],
): CheckTopic {
  return { language, name, cases: pairs.map(([query, passage]) => ({ query, passage })) }
}
