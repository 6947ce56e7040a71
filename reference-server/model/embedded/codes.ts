import { generator } from '../random.ts'

/**
 * Distinct codes of `length` (at most 32) signs, half of them +1 and half -1, the same ones on
 * every call. Two of them agree in few places: that is what lets attention tell equal tokens from
 * different ones.
 */
export function* balancedCodes(length: number): Generator<Int8Array, never> {
  const next = generator(1)
  const seen = new Set<number>()
  const code = Int8Array.from({ length }, (_, at) => (at < length / 2 ? 1 : -1))
  for (;;) {
    for (let at = length - 1; at > 0; at -= 1) {
      const other = next() % (at + 1)
      const held = code[at] ?? 0
      code[at] = code[other] ?? 0
      code[other] = held
    }
    const key = code.reduce((bits, sign) => (bits << 1) | (sign > 0 ? 1 : 0), 0)
    if (seen.has(key)) continue
    seen.add(key)
    yield code
  }
}
