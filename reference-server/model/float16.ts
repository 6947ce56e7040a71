const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/**
 * Float32 to IEEE half precision, rounded to nearest, ties to even. Node 20 has no Float16Array.
 * Magnitudes above 65504 become infinite, those below 2^-14 lose digits, as the format demands.
 */
export function toFloat16(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length)
  // A loop: `Uint16Array.from` with a function takes a second for two million values.
  for (let at = 0; at < values.length; at += 1) halves[at] = halfBits(values[at] ?? 0)
  return halves
}

function halfBits(value: number): number {
  scratch[0] = value
  const bits = scratchBits[0] ?? 0
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Rebias the exponent; a carry out of the rounded mantissa rightly raises the exponent.
    return sign | roundShift(magnitude - 0x38000000, 13)
  }
  const exponent = magnitude >>> 23
  if (exponent < 102) return sign
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent)
}

function roundShift(bits: number, by: number): number {
  const kept = bits >>> by
  const rest = bits & ((1 << by) - 1)
  const half = 1 << (by - 1)
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept
}

/** IEEE half precision to float32, exactly. */
export function widen(halves: Uint16Array): Float32Array {
  const table = widened()
  const numbers = new Float32Array(halves.length)
  for (let at = 0; at < halves.length; at += 1) numbers[at] = table[halves[at] ?? 0] ?? 0
  return numbers
}

let wide: Float32Array | undefined

/** Every half there is, made once: a look-up is ten times faster than the arithmetic. */
function widened(): Float32Array {
  wide ??= Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >>> 10) & 0x1f
    const fraction = bits & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    if (exponent === 0) return sign * fraction * 2 ** -24
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
  return wide
}
