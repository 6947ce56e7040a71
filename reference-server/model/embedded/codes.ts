/** A small, fast generator of 32-bit numbers with a fixed sequence: splitmix32. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

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
