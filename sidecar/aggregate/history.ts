import type { Snapshot } from '../../core/snapshot.ts'

export const historySlotSeconds = 5
/** An hour. */
export const historySlots = 720
/** More lines than this nobody can tell apart, and each costs memory for as long as we run. */
const maximumGpus = 8

/** How what falls into one slot becomes one value. */
const folds = {
  mean: (held: number, value: number, count: number) => held + (value - held) / (count + 1),
  // A quantile must not be averaged: of a slot's the worst is shown.
  worst: (held: number, value: number) => Math.max(held, value),
} as const

class Line {
  readonly #fold: keyof typeof folds
  readonly #values = new Float32Array(historySlots).fill(Number.NaN)
  readonly #counts = new Uint16Array(historySlots)

  constructor(fold: keyof typeof folds) {
    this.#fold = fold
  }

  add(place: number, value: number | undefined): void {
    if (value === undefined) return
    const [held, count] = [this.#values[place] ?? 0, this.#counts[place] ?? 0]
    this.#values[place] = count === 0 ? value : folds[this.#fold](held, value, count)
    this.#counts[place] = count + 1
  }

  clear(place: number): void {
    this.#values[place] = Number.NaN
    this.#counts[place] = 0
  }

  /** Undefined: unknown. */
  at(place: number): number | undefined {
    const value = this.#values[place]
    return value === undefined || Number.isNaN(value) ? undefined : value
  }
}

export interface HistoryLine {
  readonly figure: 'utilization' | 'memory' | 'p95' | 'queries' | 'pairs'
  readonly label: string
  /** One a slot, null where nothing is known. */
  readonly values: readonly (number | null)[]
}

export interface HistoryColumns {
  /** Unix time of the middle of each slot, in seconds. */
  readonly seconds: readonly number[]
  readonly lines: readonly HistoryLine[]
}

/**
 * The last hour in slots of 5 seconds, in memory that is bounded whatever is watched: what a person
 * wants to see who opens the page after something happened. Times are monotonic seconds.
 */
export class History {
  readonly #gpus = new Map<
    string,
    { readonly label: string; readonly utilization: Line; readonly memory: Line }
  >()
  readonly #serving = { p95: new Line('worst'), queries: new Line('mean'), pairs: new Line('mean') }
  #first: number | undefined
  #latest = -Infinity

  add({ gpus, serving }: Snapshot, atSeconds: number): void {
    const number = Math.floor(atSeconds / historySlotSeconds)
    const place = this.#open(number)
    for (const { sample, up } of gpus) {
      let lines = this.#gpus.get(sample.uuid)
      if (lines === undefined) {
        if (this.#gpus.size === maximumGpus) continue
        const label = `GPU ${sample.index}`
        lines = { label, utilization: new Line('mean'), memory: new Line('worst') }
        this.#gpus.set(sample.uuid, lines)
      }
      lines.utilization.add(place, up ? sample.utilizationRatio : undefined)
      lines.memory.add(place, up ? sample.memoryUsedBytes : undefined)
    }
    this.#serving.p95.add(place, serving?.p95?.seconds)
    this.#serving.queries.add(place, serving?.queriesPerSecond)
    this.#serving.pairs.add(place, serving?.pairsPerSecond)
  }

  /** The last `count` slots (default: all that is there). `offsetSeconds` is wall minus monotonic time, now. */
  columns(offsetSeconds: number, count = historySlots): HistoryColumns {
    const last = this.#latest
    const first = Math.max(this.#first ?? last, last - Math.min(count, historySlots) + 1)
    const numbers = Number.isFinite(last)
      ? Array.from({ length: last - first + 1 }, (_, at) => first + at)
      : []
    const line = (figure: HistoryLine['figure'], label: string, from: Line): HistoryLine => ({
      figure,
      label,
      values: numbers.map((number) => rounded(from.at(number % historySlots))),
    })
    const { p95, queries, pairs } = this.#serving
    return {
      seconds: numbers.map((number) =>
        Math.round((number + 0.5) * historySlotSeconds + offsetSeconds),
      ),
      lines: [
        ...[...this.#gpus.values()].flatMap(({ label, utilization, memory }) => [
          line('utilization', label, utilization),
          line('memory', label, memory),
        ]),
        line('p95', 'p95', p95),
        line('queries', 'queries/s', queries),
        line('pairs', 'pairs/s', pairs),
      ],
    }
  }

  /** The place of a slot in the ring; the places that were passed since are emptied first. */
  #open(number: number): number {
    this.#first ??= number
    const passed = Math.min(number - this.#latest, historySlots)
    for (let back = 0; back < passed; back += 1) {
      for (const line of this.#all()) line.clear((number - back) % historySlots)
    }
    this.#latest = Math.max(this.#latest, number)
    return number % historySlots
  }

  *#all(): Iterable<Line> {
    for (const { utilization, memory } of this.#gpus.values()) yield* [utilization, memory]
    yield* Object.values(this.#serving)
  }
}

/** Six digits are more than a pixel shows, and less than a third of what a double takes as text. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(6))
}
