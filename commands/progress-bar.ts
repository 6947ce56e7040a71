import { SingleBar } from 'cli-progress'
import { formatBytes } from '../core/units.ts'

export interface ProgressBar {
  readonly update: (doneBytes: number, totalBytes: number) => void
  readonly stop: () => void
}

/** A bar in bytes on a terminal; nothing where the output is kept in a file. */
export function progressBar(doing: string, stream: NodeJS.WriteStream): ProgressBar {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({
    stream,
    hideCursor: true,
    clearOnComplete: true,
    format: `${doing} {bar} {percentage}% of {size}`,
  })
  let started = false
  return {
    update(doneBytes, totalBytes) {
      if (!started) bar.start(totalBytes, 0, { size: formatBytes(totalBytes) })
      started = true
      bar.setTotal(totalBytes)
      bar.update(doneBytes, { size: formatBytes(totalBytes) })
    },
    stop() {
      if (started) bar.stop()
    },
  }
}
