import { readFileSync, statSync } from 'node:fs'
import { messageOf, usageError } from '../../core/errors.ts'
import type { GpuSample } from '../../core/snapshot.ts'
import { columnsOf } from '../normalise/nvidia-fields.ts'
import { normaliseRow } from '../normalise/nvidia-row.ts'
import type { GpuSource } from './source.ts'

const maximumFileBytes = 64 * 1024 * 1024

/** Rows that `nvidia-smi --query-gpu=… --format=csv` once printed, one tick an interval, for ever. */
export const replay: GpuSource = {
  name: 'replay',
  argument: 'FILE',
  available: () => false,
  create: (_, file) => {
    const { ticks, droppedLines } = ticksOf(readRecording(file))
    if (ticks.length === 0) {
      throw usageError(
        `${file} holds no recorded GPU: it must begin with the header that nvidia-smi --query-gpu=index,uuid,… --format=csv prints.`,
      )
    }
    let at = 0
    return {
      name: 'replay',
      open: () =>
        Promise.resolve({
          pace: 'loop' as const,
          droppedLines,
          read: () => Promise.resolve(ticks[at++ % ticks.length] ?? []),
          close: () => undefined,
        }),
    }
  },
}

function readRecording(file: string): string {
  if (file === '') throw usageError('Name the recording: --gpu replay:FILE.')
  try {
    if (statSync(file).size <= maximumFileBytes) return readFileSync(file, 'utf8')
  } catch (error) {
    throw usageError(`The recording ${file} cannot be read: ${messageOf(error)}.`)
  }
  throw usageError(`The recording ${file} is larger than ${String(maximumFileBytes)} bytes.`)
}

/** The rows of a recording by tick: a tick ends where a GPU comes again. */
export function ticksOf(text: string): {
  readonly ticks: readonly (readonly GpuSample[])[]
  readonly droppedLines: number
} {
  const [header = '', ...lines] = text.split(/\r?\n/)
  const columns = columnsOf(header)
  const known = new Map<string, GpuSample>()
  const ticks: Map<string, GpuSample>[] = []
  let droppedLines = 0
  for (const line of lines) {
    // A recording that was appended to repeats its header.
    if (line.trim() === '' || line === header) continue
    const sample = normaliseRow(line, columns, { kind: 'replay', known })
    if (sample === undefined) {
      droppedLines += 1
      continue
    }
    known.set(sample.index, sample)
    const current = ticks.at(-1)
    if (current === undefined || current.has(sample.index)) {
      ticks.push(new Map([[sample.index, sample]]))
    } else {
      current.set(sample.index, sample)
    }
  }
  return { ticks: ticks.map((tick) => [...tick.values()]), droppedLines }
}
