import { bandsOf, policy } from '../../../core/policy.ts'
import { formatCount, formatDuration, formatRatio, percentOf } from '../../../core/units.ts'
import type { Progress } from '../../measure/progress.ts'

/** What a terminal can show. */
export interface Screen {
  readonly columns: number
  readonly colour: boolean
  /** False: ASCII alone, for a locale that is not UTF-8. */
  readonly unicode: boolean
}

const labelColumns = 12
/** Longer bars show nothing more. */
const widestBar = 60
const narrowestBar = 10
/** Below this share of what is offered, the target does not keep up. */
const keepsUpRatio = 0.95

const colours = { dim: 2, red: 31, green: 32, yellow: 33 } as const
type Colour = keyof typeof colours
type Paint = (colour: Colour, text: string) => string

/**
 * A run while it lasts, as lines for a terminal, each shorter than `columns`. Pure.
 *
 *     high        ━━━━━━━━━━━━━━━━━━━━──────────────────────────────  12 of 30 s
 *     rate        20/s offered, 19.8/s achieved, 990 pairs/s
 *     requests    8 in flight, 232 answered, 0 failed
 *     p95         412 ms
 *     GPU         ████████████████████│█████████│███░░░░░░│░░░░░░░░░  73 %
 *                 0                   40        60        80
 */
export function liveLines(progress: Progress, screen: Screen): readonly string[] {
  const paint: Paint = (colour, text) =>
    screen.colour ? `\u001b[${String(colours[colour])}m${text}\u001b[0m` : text
  const room = Math.max(1, screen.columns - 1)
  const rows: readonly (readonly [string, Part[]])[] = [
    [progress.profile, timeParts(progress, room, screen)],
    ['rate', rateParts(progress)],
    ['requests', requestParts(progress)],
    ['p95', [p95Part(progress)]],
    ...gpuRows(progress, room),
  ]
  return rows.map(([label, parts]) => {
    const name = label.slice(0, labelColumns - 2).padEnd(labelColumns)
    return fitted([{ text: name, colour: 'dim' }, ...parts], room)
      .map(({ text, colour }) => {
        const shown = screen.unicode ? text : inAscii(text)
        return colour === undefined ? shown : paint(colour, shown)
      })
      .join('')
  })
}

/** A piece of a line; a character is a column. */
interface Part {
  readonly text: string
  readonly colour?: Colour | undefined
}

/** Cut where the terminal ends: a line that wraps would not be erased. */
function fitted(parts: readonly Part[], room: number): readonly Part[] {
  let left = room
  return parts.map((part) => {
    const text = part.text.slice(0, left)
    left -= text.length
    return { ...part, text }
  })
}

const ascii: Readonly<Record<string, string>> = {
  ...{ '━': '=', '─': '-', '█': '#', '░': '.', '│': '|', '–': '-', µ: 'u' },
}
const inAscii = (text: string): string =>
  text.replaceAll(/[━─█░│–µ]/g, (character) => ascii[character] ?? character)

function timeParts(
  { elapsedSeconds, scheduledSeconds }: Progress,
  room: number,
  screen: Screen,
): Part[] {
  const words = `  ${elapsedSeconds.toFixed(0)} of ${formatCount(scheduledSeconds)} s${
    elapsedSeconds > scheduledSeconds ? ', waiting for answers' : ''
  }`
  const width = barWidth(room, words.length)
  const done = Math.round(width * Math.min(1, elapsedSeconds / scheduledSeconds))
  return [
    { text: '━'.repeat(done), colour: 'green' },
    // Without colours or Unicode the two must differ all the same.
    { text: (screen.unicode ? '─' : '.').repeat(width - done), colour: 'dim' },
    { text: words },
  ]
}

function rateParts({ offeredRate, achievedRate, pairsPerSecond }: Progress): Part[] {
  const pairs = { text: `, ${formatCount(pairsPerSecond)} pairs/s` }
  if (offeredRate === undefined) {
    return [{ text: `${formatCount(achievedRate)}/s answered` }, pairs]
  }
  return [
    { text: `${formatCount(offeredRate)}/s offered, ` },
    {
      text: `${formatCount(achievedRate)}/s achieved`,
      colour: achievedRate < keepsUpRatio * offeredRate ? 'yellow' : undefined,
    },
    pairs,
  ]
}

function requestParts({ sent, ended, failed }: Progress): Part[] {
  return [
    { text: `${formatCount(sent - ended)} in flight, ${formatCount(ended)} answered, ` },
    { text: `${formatCount(failed)} failed`, colour: failed > 0 ? 'red' : undefined },
  ]
}

/** Where nothing is scheduled, the time from the send is all there is. */
function p95Part({ p95Seconds, offeredRate }: Progress): Part {
  const of = offeredRate === undefined ? ' from the send' : ''
  return { text: p95Seconds === undefined ? '–' : `${formatDuration(p95Seconds)}${of}` }
}

const bandColours = ['yellow', 'yellow', 'green', 'red'] as const

/** A bar with the policy's lines in it and their numbers below; its colour is that of the band. */
function gpuRows({ gpu }: Progress, room: number): readonly (readonly [string, Part[]])[] {
  if (gpu === undefined) return [['GPU', [{ text: '–' }]]]
  const bands = bandsOf(policy)
  const words = `  ${formatRatio(gpu.utilizationRatio)}${gpu.emulated ? ', emulated' : ''}`
  const width = barWidth(room, words.length)
  const filled = Math.round(width * Math.min(1, gpu.utilizationRatio))
  const edges = new Map(
    bands.map(({ fromRatio }) => [Math.round(width * fromRatio), percentOf(fromRatio)]),
  )
  const bar = Array.from({ length: width }, (_, at) =>
    at > 0 && edges.has(at) ? '│' : at < filled ? '█' : '░',
  ).join('')
  const band = bands.findLastIndex(({ fromRatio }) => gpu.utilizationRatio >= fromRatio)
  let scale = ''
  for (const [at, percent] of edges) scale = `${scale.padEnd(at)}${String(percent)}`
  return [
    [
      'GPU',
      [
        { text: bar.slice(0, filled), colour: bandColours[band] },
        { text: bar.slice(filled), colour: 'dim' },
        { text: words },
      ],
    ],
    ['', [{ text: scale, colour: 'dim' }]],
  ]
}

function barWidth(room: number, words: number): number {
  return Math.max(narrowestBar, Math.min(widestBar, room - labelColumns - words))
}
