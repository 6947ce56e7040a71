import type { HistogramValue } from '../../core/histogram.ts'

/**
 * The Prometheus text format (0.0.4, and what OpenMetrics adds to a sample line), read by our own
 * bounded parser: a page of a foreign server must not be able to stop us or fill our memory.
 */
export interface PrometheusSample {
  readonly labels: ReadonlyMap<string, string>
  /** NaN and infinities are values here; those who ask for numbers filter them. */
  readonly value: number
}

export interface PrometheusPage {
  /** By the name on the line: a histogram is under `…_bucket`, `…_sum` and `…_count`. */
  readonly samples: ReadonlyMap<string, readonly PrometheusSample[]>
  /** Lines that are no sample, and samples beyond the limit. */
  readonly droppedLines: number
}

export const maximumSamples = 20_000
const maximumLineLength = 16_384
/** What is taken over from a page becomes series of ours: a label or a histogram without end must not. */
export const maximumLabelValues = 64
export const maximumBuckets = 512

/** Never throws: what cannot be read is counted and left out. */
export function parsePrometheusText(text: string): PrometheusPage {
  const samples = new Map<string, PrometheusSample[]>()
  let kept = 0
  let droppedLines = 0
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const line = end - start > maximumLineLength ? undefined : text.slice(start, end).trim()
    start = end + 1
    if (line === '' || line?.startsWith('#') === true) continue
    const parsed = line === undefined || kept === maximumSamples ? undefined : parseLine(line)
    if (parsed === undefined) {
      droppedLines += 1
      continue
    }
    kept += 1
    const family = samples.get(parsed.name)
    if (family === undefined) samples.set(parsed.name, [parsed.sample])
    else family.push(parsed.sample)
  }
  return { samples, droppedLines }
}

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|(?=\}))/y
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function parseLine(
  line: string,
): { readonly name: string; readonly sample: PrometheusSample } | undefined {
  namePattern.lastIndex = 0
  const name = namePattern.exec(line)?.[0]
  if (name === undefined) return undefined
  let at = name.length
  while (line[at] === ' ' || line[at] === '\t') at += 1
  const labels = new Map<string, string>()
  if (line[at] === '{') {
    at += 1
    for (;;) {
      labelPattern.lastIndex = at
      const label = labelPattern.exec(line)
      if (label === null) break
      const [whole, key = '', text = ''] = label
      if (labels.has(key)) return undefined
      labels.set(key, unescape(text))
      at += whole.length
    }
    while (line[at] === ' ' || line[at] === '\t') at += 1
    if (line[at] !== '}') return undefined
    at += 1
  } else if (at === name.length) {
    return undefined
  }
  // An exemplar follows ` # `, a timestamp follows the value.
  const rest = line.slice(at).split(' # ', 1)[0]?.trim().split(/\s+/) ?? []
  const value = parseValue(rest[0] ?? '')
  if (value === undefined || rest.length > 2) return undefined
  if (rest[1] !== undefined && !numberPattern.test(rest[1])) return undefined
  return { name, sample: { labels, value } }
}

function unescape(text: string): string {
  return text.includes('\\')
    ? text.replaceAll(/\\(.)/g, (whole, escaped: string) =>
        escaped === 'n' ? '\n' : escaped === '\\' || escaped === '"' ? escaped : whole,
      )
    : text
}

function parseValue(text: string): number | undefined {
  if (numberPattern.test(text)) return Number(text)
  switch (text.toLowerCase()) {
    case 'nan':
      return Number.NaN
    case 'inf':
    case '+inf':
      return Infinity
    case '-inf':
      return -Infinity
    default:
      return undefined
  }
}

/** The one finite value under `name`; undefined when there is none, or more than one. */
export function valueOf(page: PrometheusPage, name: string): number | undefined {
  const family = page.samples.get(name)
  const value = family?.length === 1 ? family[0]?.value : undefined
  return Number.isFinite(value) ? value : undefined
}

/**
 * Finite values under `name` by the value of one label, the first `maximumLabelValues` of them;
 * undefined when there is none.
 */
export function valuesBy(
  page: PrometheusPage,
  name: string,
  label: string,
): Readonly<Record<string, number>> | undefined {
  const entries = (page.samples.get(name) ?? []).flatMap(({ labels, value }) => {
    const key = labels.get(label)
    return key === undefined || !Number.isFinite(value) ? [] : [[key, value] as const]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries.slice(0, maximumLabelValues))
}

/**
 * The histogram `name`, of the series with the label `only` alone where given. Undefined when it is
 * not there or is none: no +Inf bucket, a bound twice, counts that fall, buckets without end.
 */
export function histogramOf(
  page: PrometheusPage,
  name: string,
  only?: { readonly label: string; readonly value: string },
): HistogramValue | undefined {
  const matches = ({ labels }: PrometheusSample) =>
    only === undefined || labels.get(only.label) === only.value
  const buckets = (page.samples.get(`${name}_bucket`) ?? [])
    .filter(matches)
    .map(({ labels, value }) => ({ bound: parseValue(labels.get('le') ?? ''), count: value }))
    .sort((a, b) => (a.bound ?? Number.NaN) - (b.bound ?? Number.NaN))
  const sum = (page.samples.get(`${name}_sum`) ?? []).find(matches)?.value
  if (sum === undefined || buckets.at(-1)?.bound !== Infinity) return undefined
  if (buckets.length > maximumBuckets) return undefined
  const bounds: number[] = []
  const counts: number[] = []
  let below = 0
  for (const { bound, count } of buckets) {
    if (bound === undefined || Number.isNaN(bound) || bound === bounds.at(-1)) return undefined
    if (!Number.isFinite(count) || count < below) return undefined
    bounds.push(bound)
    counts.push(count - below)
    below = count
  }
  return { bounds: bounds.slice(0, -1), counts, sum }
}

/** The values that a label takes under the histogram `name`, the first `maximumLabelValues` of them. */
export function labelValues(page: PrometheusPage, name: string, label: string): readonly string[] {
  const values = (page.samples.get(`${name}_count`) ?? []).map(({ labels }) => labels.get(label))
  return [...new Set(values)].filter((value) => value !== undefined).slice(0, maximumLabelValues)
}
