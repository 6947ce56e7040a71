import { systemClock } from '../../core/clock.ts'
import { exitCodes, usageError, type ExitCode } from '../../core/errors.ts'
import { parseTargetUrl } from '../../core/target-url.ts'
import {
  maximumMinutes,
  startPreview,
  stillPreview,
  type PreviewSource,
} from '../../dashboards/index.ts'
import { addressOf } from '../address.ts'
import type { CommandContext } from '../command.ts'
import { writeOut } from '../out.ts'
import { chosenBoards } from './chosen.ts'
import { checkMinutes, scrapeSecondsOf, type DashboardArguments } from './options.ts'

/** Serves the boards until a signal comes or, with `--out`, writes one of them as a page. */
export function preview(args: DashboardArguments, context: CommandContext): Promise<ExitCode> {
  if (args.prometheus === undefined) {
    throw usageError('Say which Prometheus to ask, with --prometheus URL.')
  }
  checkMinutes(args)
  const source: PreviewSource = {
    prometheus: parseTargetUrl(args.prometheus, '--prometheus'),
    scrapeSeconds: scrapeSecondsOf(args),
  }
  if (args.out !== undefined) return write(args.out, source, args, context)
  if (args.from !== undefined || args.to !== undefined) {
    throw usageError('--from and --to are for a still page: name its file with --out FILE.html.')
  }
  return serve(source, args, context)
}

async function serve(
  source: PreviewSource,
  { board, minutes, listen, json }: DashboardArguments,
  { signal, stdout }: CommandContext,
): Promise<ExitCode> {
  const running = await startPreview({
    ...source,
    ...{ boards: chosenBoards(board), minutes, clock: systemClock },
    listen: addressOf('listen', listen),
  })
  stdout.write(
    json
      ? `${JSON.stringify({ event: 'listening', url: running.url })}\n`
      : `rerankscope dashboards: a preview, not Grafana, on ${running.url}\n`,
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
  await running.close()
  return exitCodes.done
}

async function write(
  out: string,
  source: PreviewSource,
  args: DashboardArguments,
  { signal, stdout }: CommandContext,
): Promise<ExitCode> {
  const [board, ...others] = chosenBoards(args.board)
  if (board === undefined || others.length > 0) {
    const names = chosenBoards(undefined).map(({ name }) => name)
    throw usageError(`A still page shows one board: name it with --board (${names.join(', ')}).`)
  }
  const { html, panels } = await stillPreview({ ...source, ...spanOf(args), board, signal })
  await writeOut(out, html)
  const titlesOf = (state: string) =>
    panels.filter((panel) => panel.state === state).map(({ title }) => title)
  const troubles = { empty: titlesOf('empty'), failed: titlesOf('failed') }
  if (args.json) {
    stdout.write(`${JSON.stringify({ file: out, panels: panels.length, ...troubles })}\n`)
    return exitCodes.done
  }
  const words = Object.entries(troubles)
    .filter(([, titles]) => titles.length > 0)
    .map(([state, titles]) => `; ${state}: ${titles.join(', ')}`)
  stdout.write(`${out}: ${String(panels.length)} panels${words.join('')}\n`)
  return exitCodes.done
}

function spanOf({ from, to, minutes }: DashboardArguments) {
  const toSeconds = to === undefined ? systemClock.wallSeconds() : instantOf('to', to)
  const fromSeconds = from === undefined ? toSeconds - minutes * 60 : instantOf('from', from)
  const spanSeconds = toSeconds - fromSeconds
  if (spanSeconds >= 60 && spanSeconds <= maximumMinutes * 60) return { fromSeconds, toSeconds }
  throw usageError(
    `--from must be before --to, by a minute at least and ${String(maximumMinutes)} at most.`,
  )
}

/** ISO 8601, or Unix time in seconds. */
function instantOf(option: string, text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (!Number.isNaN(seconds)) return seconds
  throw usageError(
    `--${option} must be a time such as 2026-11-22T10:00:00Z, or Unix time in seconds.`,
  )
}
