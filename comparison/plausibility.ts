import { formatCount, formatRatio } from '../core/units.ts'
import type { Row } from './row.ts'

/** Matrix products as large as an encoder's seldom get above this share of a card's peak. */
const doubtfulShare = 0.9

export interface Claim {
  readonly pairsPerSecond: number | null
  readonly tokensPerSecond: number | null
  /** In a pair of so many tokens; undefined for a model that nobody knows. */
  readonly flopsPerToken: ((tokensPerPair: number) => number) | undefined
  /** In 10^12 operations a second, over all its devices. */
  readonly peakTflops: number | undefined
}

/**
 * Whether the hardware can have computed so much: tokens/s × operations a token against its peak.
 * Nothing but arithmetic: a claim over the peak is false, whoever makes it.
 */
export function plausibilityOf(claim: Claim): Row['plausibility'] {
  const { pairsPerSecond, tokensPerSecond, flopsPerToken, peakTflops } = claim
  const unchecked = (
    reason: string,
    tokensPerPairAtMost: number | null = null,
  ): Row['plausibility'] => ({
    ...{ verdict: 'not_checked', shareOfPeak: null, tokensPerPairAtMost, reason },
  })
  if (pairsPerSecond === null || pairsPerSecond <= 0) return unchecked('there is no throughput')
  if (peakTflops === undefined) return unchecked('no peak of the device is known')
  if (flopsPerToken === undefined) return unchecked('the operations of a token are not known')
  const flopsPerSecond = peakTflops * 1e12
  // Matrices alone: attention would take more, so a pair has had fewer tokens than this.
  const tokensPerPairAtMost = flopsPerSecond / flopsPerToken(0) / pairsPerSecond
  if (tokensPerSecond === null) {
    return unchecked(
      `nobody counted the tokens; at this rate a pair can have had ${formatCount(tokensPerPairAtMost)} at most`,
      tokensPerPairAtMost,
    )
  }
  // Attention grows with the square of a length, so pairs of one length take the least.
  const flops = tokensPerSecond * flopsPerToken(tokensPerSecond / pairsPerSecond)
  const shareOfPeak = flops / flopsPerSecond
  const verdict =
    shareOfPeak > 1 ? 'impossible' : shareOfPeak > doubtfulShare ? 'doubtful' : 'plausible'
  const reason = `${formatCount(tokensPerSecond)} tokens/s take ${formatRatio(shareOfPeak)} of the peak`
  return { verdict, shareOfPeak, tokensPerPairAtMost, reason }
}
