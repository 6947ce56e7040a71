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

const noLabels: ReadonlyMap<string, string> = new Map()

function parseLine(
  line: string,
): { readonly name: string; readonly sample: PrometheusSample } | undefined {
  namePattern.lastIndex = 0
  const name = namePattern.exec(line)?.[0]
  if (name === undefined) return undefined
  let at = name.length
  while (line[at] === ' ' || line[at] === '\t') at += 1
  let labels = noLabels
  if (line[at] === '{') {
    const found = new Map<string, string>()
    labels = found
    at += 1
    for (;;) {
      labelPattern.lastIndex = at
      const label = labelPattern.exec(line)
      if (label === null) break
      const [whole, key = '', text = ''] = label
      if (found.has(key)) return undefined
      found.set(key, unescape(text))
      at += whole.length
    }
    while (line[at] === ' ' || line[at] === '\t') at += 1
    if (line[at] !== '}') return undefined
    at += 1
  } else if (at === name.length) {
    return undefined
  }
  const written = line.slice(at).trim()
  // As nearly every line of nearly every page: there is no need to take it apart.
  if (numberPattern.test(written)) return { name, sample: { labels, value: Number(written) } }
  // An exemplar follows ` # `, a timestamp follows the value.
  const rest = written.split(' # ', 1)[0]?.trim().split(/\s+/) ?? []
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

/** As a sample line writes it; undefined for what is no number. */
export function parseValue(text: string): number | undefined {
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
