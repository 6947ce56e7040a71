import { usageError } from '../../../core/errors.ts'
import { stepwise, type Load } from './load.ts'

/** One shape of load that needs no recording. One more = one entry here. */
interface Shape {
  readonly grammar: string
  readonly summary: string
  readonly pattern: RegExp
  readonly load: (name: string, numbers: readonly number[]) => Load
}

const amount = String.raw`(\d+(?:\.\d+)?%?)`
const span = String.raw`(\d+(?:\.\d+)?)`
const range = String.raw`${amount}\.\.${amount}`
const daySeconds = 86_400

const shapes: Readonly<Record<string, Shape>> = {
  constant: {
    grammar: 'constant:85%',
    summary: 'always the same',
    pattern: new RegExp(`^${amount}$`),
    load: (name, [demand = 0]) => ({ name, seconds: undefined, at: () => demand }),
  },
  ramp: {
    grammar: 'ramp:0.2..3@3600',
    summary: 'in a straight line from one to the other within so many seconds, then on',
    pattern: new RegExp(`^${range}@${span}$`),
    load: (name, [from = 0, to = 0, seconds = 1]) => ({
      name,
      seconds: undefined,
      at: (at) => from + (to - from) * Math.min(1, at / seconds),
    }),
  },
  steps: {
    grammar: 'steps:50%@600,2@600',
    summary: 'one after another, each for so many seconds',
    pattern: new RegExp(`^${amount}@${span}(,${amount}@${span}){0,99}$`),
    load: stepsOf,
  },
  sine: {
    grammar: 'sine:0.2..3@3600',
    summary: 'from the one to the other and back, once in so many seconds',
    pattern: new RegExp(`^${range}@${span}$`),
    load: (name, [low = 0, high = 0, period = 1]) => wave(name, low, high, period),
  },
  day: {
    grammar: 'day:0.2..3',
    summary: 'the same once a day',
    pattern: new RegExp(`^${range}$`),
    load: (name, [low = 0, high = 0]) => ({
      ...wave(name, low, high, daySeconds),
      seconds: daySeconds,
    }),
  },
  burst: {
    grammar: 'burst:50%..2.6@300/60',
    summary: 'the one, and for the last 60 of every 300 s the other',
    pattern: new RegExp(`^${range}@${span}/${span}$`),
    load: (name, [low = 0, high = 0, period = 1, burst = 0]) => ({
      name,
      seconds: undefined,
      at: (at) => (at % period < period - burst ? low : high),
    }),
  },
}

/** For `--help`. */
export const loadGrammar = Object.values(shapes)
  .map(({ grammar, summary }) => `${grammar} ${summary}`)
  .join('; ')

/** @throws UserError (usage) when `text` is none of the shapes, or asks for the impossible. */
export function parseLoad(text: string): Load {
  const [, kind = '', values = ''] = /^(\w+):(.*)$/.exec(text) ?? []
  const shape = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined
  if (shape === undefined) {
    const kinds = Object.values(shapes).map(({ grammar }) => grammar)
    throw usageError(`--load ${text} is no load: say one of ${kinds.join(', ')}.`)
  }
  if (!shape.pattern.test(values)) {
    throw usageError(
      `--load ${text} cannot be read: ${kind} is written ${shape.grammar}; amounts are replicas kept wholly busy, or percent of one.`,
    )
  }
  const numbers = [...values.matchAll(/(\d+(?:\.\d+)?)(%?)/g)].map(
    ([, digits = '', percent]) => Number(digits) / (percent === '%' ? 100 : 1),
  )
  const spans = [...values.matchAll(/[@/](\d+(?:\.\d+)?)/g)].map(([, digits]) => Number(digits))
  if (spans.some((seconds) => seconds <= 0)) {
    throw usageError(`--load ${text}: a time must be above 0 s.`)
  }
  if (kind === 'burst' && (spans[1] ?? 0) >= (spans[0] ?? 0)) {
    throw usageError(`--load ${text}: the burst must be shorter than its period.`)
  }
  return shape.load(text, numbers)
}

function stepsOf(name: string, numbers: readonly number[]): Load {
  const points: { readonly atSeconds: number; readonly demand: number }[] = []
  let atSeconds = 0
  for (let at = 0; at < numbers.length; at += 2) {
    points.push({ atSeconds, demand: numbers[at] ?? 0 })
    atSeconds += numbers[at + 1] ?? 0
  }
  return stepwise(name, atSeconds, points)
}

/** Lowest at the beginning. */
function wave(name: string, low: number, high: number, period: number): Load {
  const middle = (low + high) / 2
  const swing = (high - low) / 2
  return {
    name,
    seconds: undefined,
    at: (at) => middle - swing * Math.cos((2 * Math.PI * at) / period),
  }
}
