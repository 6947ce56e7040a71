import type { GpuState } from '../../core/snapshot.ts'
import { bytesPerMib } from '../../core/units.ts'

/** What a cell of nvidia-smi's output says. Pure; never throws. */
export type Cell =
  | { readonly kind: 'text'; readonly text: string }
  /** The driver has no such figure for this device: unknown, and no fault. */
  | { readonly kind: 'absent' }
  /** The device, or this figure of it, failed. */
  | { readonly kind: 'error'; readonly state: GpuState }

const absentTokens = new Set([
  '',
  'n/a',
  'not supported',
  'not available',
  'function not found',
  'requested functionality has been deprecated',
])

const errorTokens: Readonly<Record<string, GpuState>> = {
  'gpu is lost': 'lost',
  'gpu requires reset': 'requires_reset',
  'insufficient permissions': 'no_permission',
  'unknown error': 'unknown_error',
  'err!': 'unknown_error',
}

/** Tokens come with brackets in CSV and without them in other places, often both in one row. */
export function readCell(raw: string): Cell {
  const text = raw.trim()
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1).trim() : text
  const token = bare.toLowerCase()
  if (absentTokens.has(token)) return { kind: 'absent' }
  const state = Object.hasOwn(errorTokens, token) ? errorTokens[token] : undefined
  return state === undefined ? { kind: 'text', text } : { kind: 'error', state }
}

/** What it says in words; undefined for what is absent or failed. */
export function textOf(cell: Cell): string | undefined {
  return cell.kind === 'text' ? cell.text : undefined
}

const factors = {
  percent: { '%': 1 },
  bytes: { KiB: 1024, MiB: bytesPerMib, GiB: 1024 * bytesPerMib },
  watts: { W: 1, mW: 1e-3 },
  celsius: { C: 1 },
  hertz: { MHz: 1e6, GHz: 1e9 },
} as const satisfies Record<string, Record<string, number>>

export type Quantity = keyof typeof factors

/** The unit that a number without one is in (`--format=csv,nounits`). */
const unwritten: Readonly<Record<Quantity, number>> = {
  percent: 1,
  bytes: bytesPerMib,
  watts: 1,
  celsius: 1,
  hertz: 1e6,
}

/** A number in the quantity's base unit; undefined for anything else, an unknown unit included. */
export function quantityOf(cell: Cell, quantity: Quantity): number | undefined {
  if (cell.kind !== 'text') return undefined
  const match = /^(-?\d{1,15}(?:\.\d{1,15})?)(?:\s*([%A-Za-z]+))?$/.exec(cell.text)
  if (match === null) return undefined
  const known: Readonly<Record<string, number>> = factors[quantity]
  const unit = match[2]
  const factor =
    unit === undefined ? unwritten[quantity] : Object.hasOwn(known, unit) ? known[unit] : undefined
  return factor === undefined ? undefined : Number(match[1]) * factor
}

/** `Active` → true, `Not Active` → false. */
export function flagOf(cell: Cell): boolean | undefined {
  if (cell.kind !== 'text') return undefined
  const text = cell.text.toLowerCase()
  return text === 'active' ? true : text === 'not active' ? false : undefined
}
