import { bytesPerGb, formatCount, formatDuration } from '../../core/units.ts'
import type { Spread } from '../spread.ts'

export const unknown = '–'

/** `median (min–max)` over several rounds; the figure alone where they say the same or there is one. */
export function spreadText(spread: Spread | null, format: (value: number) => string): string {
  if (spread === null) return unknown
  const [low, middle, high] = [spread.min, spread.median, spread.max].map(format)
  return low === high ? (middle ?? '') : `${middle ?? ''} (${low ?? ''}–${high ?? ''})`
}

export const gigabytes = (bytes: number): string => `${(bytes / bytesPerGb).toFixed(2)} GB`
export const percent = (value: number): string => `${value.toFixed(0)} %`
export const ratioPercent = (value: number): string => percent(value * 100)
export const seconds = formatDuration
export const count = formatCount
export const score = (value: number | null | undefined): string =>
  value === null || value === undefined ? unknown : value.toFixed(1)

/** Often far below 1, where two decimals would say nothing. */
export const small = (value: number): string =>
  value !== 0 && value < 1 ? String(Number(value.toPrecision(2))) : formatCount(value)

/** Where a row has something to say, else a dash. */
export function orUnknown<T>(value: T | null | undefined, format: (value: T) => string): string {
  return value === null || value === undefined ? unknown : format(value)
}
