import type { Clock } from '../../core/clock.ts'
import type { TargetUrl } from '../../core/target-url.ts'
import type { Board } from '../index.ts'
import { renderPage } from './page/index.ts'
import { pictureOf, type PanelPicture } from './picture.ts'
import { prometheusAt } from './prometheus.ts'
import { createPreview, listen } from './server.ts'
import { timeWindow } from './window.ts'

export { maximumMinutes } from './server.ts'

export interface PreviewSource {
  readonly prometheus: TargetUrl
  /** Seconds between two scrapes, for the windows of rates. */
  readonly scrapeSeconds: number
}

/** Serves the boards until it is closed. Rejects with a `UserError` when the address cannot be had. */
export async function startPreview({
  prometheus,
  listen: address,
  ...options
}: PreviewSource & {
  readonly boards: readonly Board[]
  readonly listen: { readonly host: string; readonly port: number }
  readonly minutes: number
  readonly clock: Pick<Clock, 'wallSeconds'>
}): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createPreview({ ...options, prometheus: prometheusAt(prometheus) })
  const url = await listen(server, address)
  return { url, close: () => server.close() }
}

/** A board as one page that needs nothing else, and what became of each panel. */
export async function stillPreview({
  board,
  prometheus,
  fromSeconds,
  toSeconds,
  scrapeSeconds,
  signal,
}: PreviewSource & {
  readonly board: Board
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly signal: AbortSignal
}): Promise<{ readonly html: string; readonly panels: readonly PanelPicture[] }> {
  const picture = await pictureOf(board, {
    prometheus: prometheusAt(prometheus),
    window: timeWindow(fromSeconds, toSeconds, scrapeSeconds),
    choice: {},
    signal,
  })
  return {
    html: renderPage(picture).html,
    panels: picture.sections.flatMap(({ panels }) => panels),
  }
}
