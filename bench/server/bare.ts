import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from '../../reference-server/batch/packed.ts'
import { pad } from '../../reference-server/infer/padding.ts'
import { openSession, score } from '../../reference-server/infer/session.ts'
import { tokenizerOf } from '../../reference-server/tokenise/library.ts'
import type { TokenPair } from '../../reference-server/tokenise/pair.ts'
import { templateOf } from '../../reference-server/tokenise/template.ts'

/** onnxruntime alone, in this process: pairs tokenised beforehand, nothing but `run()` is timed. */
export class BareLoop {
  readonly #run: (pairs: readonly TokenPair[]) => Promise<void>
  readonly #pairOf: (query: string, document: string) => TokenPair

  private constructor(run: BareLoop['score'], pairOf: BareLoop['pairOf']) {
    this.#run = run
    this.#pairOf = pairOf
  }

  static async open(directory: string, threads: number): Promise<BareLoop> {
    const read = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as object
    const config = read('tokenizer_config.json')
    const tokenizer = tokenizerOf(read('tokenizer.json'), config)
    const template = templateOf(tokenizer, config)
    const { session } = await openSession({
      graph: { path: join(directory, 'model.onnx') },
      device: { kind: 'cpu' },
      threads,
      paddingId: template.paddingId,
      documentType: template.documentType,
    })
    const ids = (text: string) =>
      Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids)
    const specials = template.before.length + template.between.length + template.after.length
    return new BareLoop(
      async (pairs) => {
        await score(session, pad(pack(pairs, template), template.paddingId, template.documentType))
      },
      (query, document) => {
        const pair = { query: ids(query), document: ids(document) }
        const tokens = pair.query.length + pair.document.length + specials
        return { ...pair, tokens, truncated: false }
      },
    )
  }

  pairOf(query: string, document: string): TokenPair {
    return this.#pairOf(query, document)
  }

  /** One run. */
  async score(pairs: readonly TokenPair[]): Promise<void> {
    await this.#run(pairs)
  }

  /** The longest first, as many as the budget of tokens holds. */
  async sorted(pairs: readonly TokenPair[], batchTokens: number): Promise<void> {
    const left = pairs.toSorted((a, b) => b.tokens - a.tokens)
    while (left.length > 0) {
      const room = Math.max(1, Math.floor(batchTokens / (left[0]?.tokens ?? 1)))
      await this.score(left.splice(0, room))
    }
  }

  /** In the order of arrival, so many a run, each padded to its longest. */
  async fixed(pairs: readonly TokenPair[], batchPairs: number): Promise<void> {
    for (let at = 0; at < pairs.length; at += batchPairs) {
      await this.score(pairs.slice(at, at + batchPairs))
    }
  }
}
