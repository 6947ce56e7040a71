import { RerankFailure } from '../../core/rerank.ts'

/** What requests hold of the server from their acceptance to their answer. */
export interface Load {
  readonly requests: number
  readonly pairs: number
  readonly tokens: number
  /** Of their texts as they lie in memory. */
  readonly bytes: number
}

const kinds = ['requests', 'pairs', 'tokens', 'bytes'] as const
const nothing: Load = { requests: 0, pairs: 0, tokens: 0, bytes: 0 }

/** What one accepted request holds; its tokens are known later than the rest. */
export interface Holding {
  /** Throws as `accept` when they do not fit. Holds nothing once released: work may go on after its request. */
  addTokens(tokens: number): void
  /** Once, when the request is answered, however. */
  release(): void
}

/**
 * Accepts a request whole or refuses it whole. Each kind of load has its own limit, because each can
 * run out alone: one request of 1,000 long texts, a thousand of one word. Pure: no clock.
 */
export class Admission {
  readonly #limits: Load
  readonly #secondsFor: (pairs: number) => number
  #held = nothing

  /** `secondsFor` says how long it will take until so many pairs have been answered. */
  constructor(limits: Load, secondsFor: (pairs: number) => number) {
    this.#limits = limits
    this.#secondsFor = secondsFor
  }

  get held(): Load {
    return this.#held
  }

  /**
   * Throws an `overloaded` failure that says when to try again, or a `too_large` one when the request
   * could not be accepted by an idle server either: its caller would try again for ever.
   */
  accept(load: Omit<Load, 'requests' | 'tokens'>): Holding {
    let own: Load | undefined = this.#take(nothing, { requests: 1, tokens: 0, ...load })
    return {
      addTokens: (tokens) => {
        own &&= this.#take(own, { ...nothing, tokens })
      },
      release: () => {
        this.#held = combined(this.#held, own ?? nothing, (held, one) => held - one)
        own = undefined
      },
    }
  }

  /** Adds `more` to what the request holds; what it holds then. */
  #take(own: Load, more: Load): Load {
    const add = (held: number, one: number) => held + one
    const whole = combined(own, more, add)
    const together = combined(this.#held, more, add)
    for (const kind of kinds) {
      if (whole[kind] > this.#limits[kind]) throw tooLarge(kind)
    }
    const share = Math.max(...kinds.map((kind) => this.#shareTooMuch(kind, together)))
    if (share > 0) {
      throw new RerankFailure('overloaded', 'Model is overloaded', {
        retryAfterSeconds: this.#secondsFor(share * this.#held.pairs),
      })
    }
    this.#held = together
    return whole
  }

  /** The share of what is held that must go before `together` fits. */
  #shareTooMuch(kind: keyof Load, together: Load): number {
    const excess = together[kind] - this.#limits[kind]
    return excess <= 0 ? 0 : Math.min(1, excess / Math.max(1, this.#held[kind]))
  }
}

function tooLarge(kind: keyof Load): RerankFailure {
  return new RerankFailure(
    'too_large',
    `The request alone holds more ${kind} than this server accepts at once: send less.`,
  )
}

function combined(a: Load, b: Load, join: (a: number, b: number) => number): Load {
  return {
    requests: join(a.requests, b.requests),
    pairs: join(a.pairs, b.pairs),
    tokens: join(a.tokens, b.tokens),
    bytes: join(a.bytes, b.bytes),
  }
}
