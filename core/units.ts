/** Numbers as people read them. Every function takes base units: seconds, bytes, ratios. */

/** 0.0123 → "12.3 ms", 2.5 → "2.50 s". */
export function formatDuration(seconds: number): string {
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`
  if (seconds < 0.1) return `${(seconds * 1e3).toFixed(1)} ms`
  if (seconds < 1) return `${(seconds * 1e3).toFixed(0)} ms`
  if (seconds < 120) return `${seconds.toFixed(2)} s`
  return `${(seconds / 60).toFixed(1)} min`
}

/** 2147483648 → "2.00 GiB". Memory is counted in powers of two, as nvidia-smi does. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value.toFixed(unit === 0 ? 0 : value < 10 ? 2 : 1)} ${units[unit] ?? ''}`
}

/** 0.734 → "73 %". */
export function formatRatio(ratio: number): string {
  return `${(ratio * 100).toFixed(0)} %`
}

/** 0.07 → 7, not 7.000000000000001: the ratio was a percentage once. */
export function percentOf(ratio: number): number {
  return Number((ratio * 100).toFixed(6))
}

/** A line of the policy, exactly as it was set: 0.8 → "80 %", 0.845 → "84.5 %". */
export function formatLine(ratio: number): string {
  return `${String(Number((ratio * 100).toPrecision(12)))} %`
}

/** A window of the policy, exactly as it was set: 60 → "1 min", 90 → "90 s", 3600 → "1 h". */
export function formatWindow(seconds: number): string {
  if (seconds % 3600 === 0) return `${String(seconds / 3600)} h`
  return seconds % 60 === 0 ? `${String(seconds / 60)} min` : `${String(seconds)} s`
}

/** How long something was watched, to the second: 29.4 → "29 s", 330 → "5.5 min", 9000 → "2.5 h". */
export function formatSpan(seconds: number): string {
  if (seconds >= 7200) return `${(seconds / 3600).toFixed(1)} h`
  return seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`
}

/** 1234.5 → "1,235"; 12.34 → "12.3"; 1.234 → "1.23". */
export function formatCount(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  const digits = value >= 10 ? 1 : 2
  // 5.0004 beside 5 would look like another precision.
  const rounded = Number(value.toFixed(digits))
  // What is little is not nothing.
  const isWhole = Number.isInteger(rounded) && (rounded !== 0 || value === 0)
  return value.toFixed(isWhole ? 0 : digits)
}

/** A throughput per GB (10^9 bytes), the article's efficiency figure. */
export const bytesPerGb = 1e9
export const bytesPerMib = 1024 * 1024
