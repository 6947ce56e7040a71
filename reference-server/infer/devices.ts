import { usageError } from '../../core/errors.ts'

/** The choices of one device; `--device` takes a list of numbered GPUs besides. */
export const devices = ['auto', 'cuda', 'cpu'] as const
export type DeviceChoice = (typeof devices)[number]

/** What one inference process is to compute on. */
export type DeviceWish =
  /** The GPU where it works, else the CPU. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'cpu' }
  /** The GPU or nothing; without an index the first. */
  | { readonly kind: 'cuda'; readonly index?: number }

/** What a process computes on: `cpu`, `cuda`, `cuda:1`. */
export type Device = string

/**
 * `auto`, `cpu`, `cuda`, or a list of GPUs as in `cuda:0,cuda:1`: one wish a device. `require` takes
 * the CPU out of `auto`. Throws a usage error for anything else.
 */
export function parseDevices(text: string, require: boolean): readonly DeviceWish[] {
  if (text === 'auto') return [require ? { kind: 'cuda' } : { kind: 'auto' }]
  if (text === 'cpu' || text === 'cuda') return [{ kind: text }]
  const indices = text.split(',').map((part) => /^cuda:(\d{1,3})$/.exec(part.trim())?.[1])
  if (indices.includes(undefined) || new Set(indices).size < indices.length) {
    throw usageError(
      `--device ${text} is not possible: give ${devices.join(', ')}, or GPUs by number, each once, as in cuda:0,cuda:1.`,
    )
  }
  return indices.map((index) => ({ kind: 'cuda', index: Number(index) }))
}

/** Attempts to start a process again where it was, before `auto` may take the CPU. */
const faithfulAttempts = 4

/**
 * What a process that died on `last` is to compute on at its `attempt`th start. Memory that it held on
 * the GPU is given back some time after its death: to take the CPU at the first failure would leave a
 * server there for good.
 */
export function wishAgain(wish: DeviceWish, last: Device, attempt: number): DeviceWish {
  const isFaithful = wish.kind === 'auto' && last !== 'cpu' && attempt <= faithfulAttempts
  return isFaithful ? { kind: 'cuda' } : wish
}

export function nameOfDevice(wish: Exclude<DeviceWish, { kind: 'auto' }>): Device {
  return wish.kind === 'cuda' && wish.index !== undefined ? `cuda:${String(wish.index)}` : wish.kind
}

/**
 * Tokens of a batch where nobody says how many: on a GPU as many as keep it busy (TEI's default too), on a
 * CPU no more than others can wait for; in any case one pair.
 */
export function usualBatchTokens(device: Device, maximumTokens: number): number {
  return Math.max(maximumTokens, device === 'cpu' ? 4096 : 16_384)
}
