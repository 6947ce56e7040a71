import { formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import type { Progress } from '../measure/progress.ts'
import { liveLines } from './live/lines.ts'
import { LiveTerminal } from './live/terminal.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface ProgressWriter {
  write(progress: Progress): void
  end(): void
}

/**
 * A few lines that are drawn again in place on a terminal; a line a second in a pipe, a file, or a
 * terminal that cannot move its cursor (`TERM=dumb`); nothing without a stream. Colours are left out
 * with NO_COLOR and where there are none, everything but ASCII where the locale is not UTF-8.
 */
export function progressWriter(
  stream: NodeJS.WriteStream | undefined,
  environment: Environment = {},
): ProgressWriter {
  if (stream === undefined) return { write: () => undefined, end: () => undefined }
  return stream.isTTY && environment['TERM'] !== 'dumb'
    ? viewOn(stream, environment)
    : linesOn(stream)
}

/** `low  3 s of 30 s  5/s offered, 5/s achieved  1 in flight  p95 41.2 ms  0 failed  GPU 43 %` */
export function progressLine(progress: Progress): string {
  const { elapsedSeconds, scheduledSeconds, sent, ended, failed } = progress
  return [
    progress.profile.padEnd(5),
    `${elapsedSeconds.toFixed(0)} s of ${formatCount(scheduledSeconds)} s`,
    progress.offeredRate === undefined
      ? `${formatCount(progress.achievedRate)}/s answered, ${formatCount(progress.pairsPerSecond)} pairs/s`
      : `${formatCount(progress.offeredRate)}/s offered, ${formatCount(progress.achievedRate)}/s achieved`,
    `${formatCount(sent - ended)} in flight`,
    p95Of(progress),
    `${formatCount(failed)} failed`,
    gpuOf(progress),
  ].join('  ')
}

const p95Of = ({ p95Seconds }: Progress): string =>
  `p95 ${p95Seconds === undefined ? '–' : formatDuration(p95Seconds)}`
const gpuOf = ({ gpu }: Progress): string =>
  `${gpu?.emulated === true ? 'emulated GPU' : 'GPU'} ${gpu === undefined ? '–' : formatRatio(gpu.utilizationRatio)}`

function linesOn(stream: NodeJS.WriteStream): ProgressWriter {
  return {
    write: (progress) => stream.write(`${progressLine(progress)}\n`),
    end: () => undefined,
  }
}

function viewOn(stream: NodeJS.WriteStream, environment: Environment): ProgressWriter {
  const terminal = new LiveTerminal(stream)
  const unicode = isUtf8(environment)
  const colour = hasColours(stream, environment)
  let last: Progress | undefined
  const draw = () => {
    if (last !== undefined) {
      // What is above the top of the screen could not be erased.
      const lines = liveLines(last, { columns: stream.columns, colour, unicode })
      terminal.draw(lines.slice(0, Math.max(1, stream.rows - 1)))
    }
  }
  stream.on('resize', draw)
  return {
    write: (progress) => {
      last = progress
      draw()
    },
    end: () => {
      stream.removeListener('resize', draw)
      terminal.end()
    },
  }
}

/** As the C library decides: the first of the three that is set. */
function isUtf8({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  return /utf-?8/i.test(
    [LC_ALL, LC_CTYPE, LANG].find((one) => one !== undefined && one !== '') ?? '',
  )
}

/** Node knows terminals, but asks of NO_COLOR only whether it is there: empty means not set. */
function hasColours(stream: Partial<NodeJS.WriteStream>, environment: Environment): boolean {
  const { NO_COLOR, ...others } = environment
  return (NO_COLOR ?? '') === '' && stream.hasColors?.(others) === true
}
