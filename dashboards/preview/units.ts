/**
 * Values as Grafana writes them, for the units that boards use. A panel's axis takes one scale for all
 * of its values, a number by itself its own.
 */
export interface Scale {
  readonly factor: number
  readonly suffix: string
}

/** Ascending: the last one whose `from` is not above the value is taken. */
type Steps = readonly { readonly from: number; readonly scale: Scale }[]

const fixed = (suffix: string, factor = 1): Steps => [{ from: 0, scale: { factor, suffix } }]

/** `prefixes` from 1 upwards, each `base` times the one before. */
const ladder = (base: number, suffixes: readonly string[]): Steps =>
  suffixes.map((suffix, at) => ({
    from: at === 0 ? 0 : base ** at,
    scale: { factor: base ** -at, suffix },
  }))

const counted = (suffix: string) =>
  ladder(
    1000,
    ['', ' K', ' Mil', ' Bil'].map((k) => k + suffix),
  )
const si = (unit: string) =>
  ladder(
    1000,
    ['', 'k', 'M', 'G', 'T'].map((k) => ` ${k}${unit}`),
  )

const minute = 60
const hour = 3600
const day = 86_400
const duration: Steps = [
  { from: 0, scale: { factor: 1e6, suffix: ' µs' } },
  { from: 1e-3, scale: { factor: 1e3, suffix: ' ms' } },
  { from: 1, scale: { factor: 1, suffix: ' s' } },
  { from: 2 * minute, scale: { factor: 1 / minute, suffix: ' min' } },
  { from: 2 * hour, scale: { factor: 1 / hour, suffix: ' h' } },
  { from: 2 * day, scale: { factor: 1 / day, suffix: ' d' } },
]
const inSeconds = (steps: Steps, seconds: number): Steps =>
  steps.map(({ from, scale: { factor, suffix } }) => ({
    from: from / seconds,
    scale: { factor: factor * seconds, suffix },
  }))

const units: Readonly<Record<string, Steps | undefined>> = {
  none: fixed(''),
  string: fixed(''),
  short: counted(''),
  percent: fixed(' %'),
  percentunit: fixed(' %', 100),
  s: duration,
  ms: inSeconds(duration, 1e-3),
  bytes: ladder(1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']),
  decbytes: si('B'),
  reqps: counted(' req/s'),
  cps: counted(' c/s'),
  ops: counted(' ops/s'),
  pps: counted(' p/s'),
  rps: counted(' rd/s'),
  eps: counted(' evt/s'),
  watt: si('W'),
  joule: si('J'),
  hertz: si('Hz'),
  celsius: fixed(' °C'),
}

/** The scale in which a value of this magnitude reads best. An unknown unit stands behind the value. */
export function scaleOf(unit: string, magnitude: number): Scale {
  const steps = units[unit] ?? fixed(` ${unit.replace(/^suffix:\s*/, '')}`)
  // Zero reads in the unit itself: 0 s, not 0 µs.
  const size = magnitude === 0 ? 1 : Math.abs(magnitude)
  const found = steps.filter(({ from }) => from <= size).at(-1) ?? steps[0]
  return found?.scale ?? { factor: 1, suffix: '' }
}

/** At most three digits of a fraction, fewer the larger the value is, unless `decimals` says how many. */
export function formatIn({ factor, suffix }: Scale, value: number, decimals?: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '–'
  const scaled = value * factor
  const size = Math.abs(scaled)
  const digits = decimals ?? (size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 || size === 0 ? 2 : 3)
  const text =
    decimals === undefined ? String(Number(scaled.toFixed(digits))) : scaled.toFixed(digits)
  return text + suffix
}

export function formatValue(unit: string, value: number, decimals?: number): string {
  return formatIn(scaleOf(unit, value), value, decimals)
}
