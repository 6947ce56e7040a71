import { formatIn, type Scale } from './units.ts'

/** About so many words stand beside an axis. */
const wanted = 4

/** Round values between two ends, in the axis' own scale: 0 ms, 250 ms, 500 ms. */
export function ticksOf(minimum: number, maximum: number, scale: Scale) {
  const least = ((maximum - minimum) * scale.factor) / wanted
  const power = 10 ** Math.floor(Math.log10(least))
  const step = ([1, 2, 2.5, 5].find((each) => each * power >= least) ?? 10) * power
  const first = Math.ceil((minimum * scale.factor) / step - 1e-9)
  const last = Math.floor((maximum * scale.factor) / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => {
    const value = Number((((first + at) * step) / scale.factor).toPrecision(12))
    // Zero is zero in every unit.
    return { at: value, text: value === 0 ? '0' : formatIn(scale, value) }
  })
}
