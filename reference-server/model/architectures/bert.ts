import type { Architecture } from './architecture.ts'

/** BERT (Devlin et al. 2018): `[CLS] query [SEP] document [SEP]`, two token types. */
export const bert: Architecture = {
  modelTypes: ['bert'],
  className: 'BertForSequenceClassification',
  prefix: 'bert',
  firstPosition: 0,
  tokenTypeInput: true,
  head: { dense: 'bert.pooler.dense', out: 'classifier' },
}
