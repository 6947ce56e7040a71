import type { Architecture } from './architecture.ts'

/**
 * XLM-RoBERTa and RoBERTa: `<s> query </s></s> document </s>`, one token type. Positions are counted
 * from behind the padding id, which is 1, so two rows of the table are never used.
 */
export const xlmRoberta: Architecture = {
  modelTypes: ['xlm-roberta', 'roberta', 'camembert'],
  className: 'XLMRobertaForSequenceClassification',
  prefix: 'roberta',
  firstPosition: 2,
  tokenTypeInput: false,
  head: { dense: 'classifier.dense', out: 'classifier.out_proj' },
}
