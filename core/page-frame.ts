import { countOf, sameBounds } from './histogram.ts'
import { familiesOf, type Reading } from './reading.ts'

/**
 * A page without its numbers. From one scrape to the next the series are nearly always the same ones,
 * and writing their names, labels and help anew was half of what the sidecar took.
 */
export class PageFrame {
  readonly #readings: readonly Reading[]
  /** Positions of the readings in the order of the page, where a family stands together. */
  readonly #order: readonly number[]
  /** What stands before each number, and after the last. */
  readonly #pieces: readonly string[]

  /** `text` is the page that `readings` make. */
  constructor(readings: readonly Reading[], text: string) {
    this.#readings = readings
    this.#order = [...familiesOf(readings.entries(), ([, { metric }]) => metric).values()].flatMap(
      (family) => family.map(([at]) => at),
    )
    const pieces: string[] = []
    let piece = ''
    for (const line of text.split('\n')) {
      const isSample = line !== '' && !line.startsWith('#') && !line.startsWith('target_info')
      // No number holds a space, and a line break in a label is escaped.
      const cut = isSample ? line.lastIndexOf(' ') + 1 : line.length
      piece += line.slice(0, cut)
      if (isSample) {
        pieces.push(piece)
        piece = ''
      }
      piece += '\n'
    }
    this.#pieces = [...pieces, piece.slice(0, -1)]
  }

  /** Whether `readings` are of the same series in the same order. */
  fits(readings: readonly Reading[]): boolean {
    if (readings.length !== this.#readings.length) return false
    for (let at = 0; at < readings.length; at += 1) {
      if (!sameSeries(this.#readings[at], readings[at])) return false
    }
    return true
  }

  /** The page with the numbers of readings that fit. */
  fill(readings: readonly Reading[]): string {
    let text = ''
    let number = 0
    const put = (value: number) => {
      text += (this.#pieces[number] ?? '') + textOf(value)
      number += 1
    }
    for (let place = 0; place < this.#order.length; place += 1) {
      const value = readings[this.#order[place] ?? 0]?.value ?? Number.NaN
      if (typeof value === 'number') {
        put(value)
        continue
      }
      put(countOf(value))
      put(value.sum)
      let below = 0
      for (let bucket = 0; bucket < value.counts.length; bucket += 1) {
        below += value.counts[bucket] ?? 0
        put(below)
      }
    }
    return text + (this.#pieces[number] ?? '')
  }
}

function sameSeries(a: Reading | undefined, b: Reading | undefined): boolean {
  if (a === undefined || a.metric !== b?.metric) return false
  // A loop without an iterator, as everywhere here: there are hundreds of series, and no compiler.
  const { labels } = a.metric
  for (let at = 0; at < labels.length; at += 1) {
    const label = labels[at] ?? ''
    if (a.labels[label] !== b.labels[label]) return false
  }
  return typeof a.value === 'number'
    ? typeof b.value === 'number'
    : typeof b.value !== 'number' && sameBounds(a.value, b.value)
}

/** As the text format writes a number. */
function textOf(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)
}
