import { Presets, SingleBar } from 'cli-progress'
import { formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import type { Progress } from '../measure/progress.ts'

/** A bar and the longest line beside it. */
const barColumns = 120

export interface ProgressWriter {
  write(progress: Progress): void
  end(): void
}

/** A bar that redraws itself on a terminal, a line a second elsewhere, nothing without a stream. */
export function progressWriter(stream: NodeJS.WriteStream | undefined): ProgressWriter {
  if (stream === undefined) return { write: () => undefined, end: () => undefined }
  return stream.isTTY ? barOn(stream) : linesOn(stream)
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

/** The same for a terminal of 80 columns, without a bar: `low 3/30 s  5 of 5/s  p95 41.2 ms  …` */
function briefProgressLine(progress: Progress): string {
  const { elapsedSeconds, scheduledSeconds, sent, ended, failed } = progress
  return [
    `${progress.profile} ${elapsedSeconds.toFixed(0)}/${formatCount(scheduledSeconds)} s`,
    progress.offeredRate === undefined
      ? `${formatCount(progress.achievedRate)}/s`
      : `${formatCount(progress.achievedRate)} of ${formatCount(progress.offeredRate)}/s`,
    p95Of(progress),
    `${formatCount(failed)} failed`,
    `${formatCount(sent - ended)} in flight`,
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

function barOn(stream: NodeJS.WriteStream): ProgressWriter {
  // What does not fit is cut off, and the figures that matter most would be.
  const brief = stream.columns < barColumns
  const bar = new SingleBar(
    {
      stream,
      format: brief ? '{line}' : '{bar} {line}',
      barsize: 16,
      // The bar's own timer runs beside the pacer: no oftener than a person notices.
      fps: 4,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  )
  let started = false
  return {
    write: (progress) => {
      const payload = { line: brief ? briefProgressLine(progress) : progressLine(progress) }
      if (!started) bar.start(progress.scheduledSeconds, 0, payload)
      started = true
      bar.update(Math.min(progress.elapsedSeconds, progress.scheduledSeconds), payload)
    },
    end: () => {
      if (started) bar.stop()
    },
  }
}
