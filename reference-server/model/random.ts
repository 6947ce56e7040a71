const stride = 0x9e3779b9

/** A small, fast generator of 32-bit numbers with a fixed sequence: splitmix32. */
export function generator(seed: number, skip = 0): () => number {
  // Its state only counts, so that any place of the sequence can be reached at once.
  let state = (seed + Math.imul(skip, stride)) >>> 0
  return () => {
    state = (state + stride) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

/** `count` numbers of the seed's sequence from place `skip` on, even between `middle` ± `halfWidth`. */
export function uniform(
  seed: number,
  skip: number,
  count: number,
  middle: number,
  halfWidth: number,
): Float32Array {
  const next = generator(seed, skip)
  const numbers = new Float32Array(count)
  const step = (2 * halfWidth) / 2 ** 32
  const least = middle - halfWidth
  for (let at = 0; at < count; at += 1) numbers[at] = least + next() * step
  return numbers
}
