import Table from 'cli-table3'
import { systemClock } from '../../core/clock.ts'
import { exitCodes, type ExitCode } from '../../core/errors.ts'
import { timeWindow, verifyBoards, type Verification } from '../../dashboards/index.ts'
import type { CommandContext } from '../command.ts'
import { chosenBoards } from './chosen.ts'
import { grafanaGiven } from './grafana-given.ts'
import { checkMinutes, scrapeSecondsOf, type DashboardArguments } from './options.ts'

/** 0 when every board came back as it was sent and every query was answered, 1 when not. */
export async function verify(args: DashboardArguments, context: CommandContext): Promise<ExitCode> {
  const grafana = grafanaGiven(args, context)
  checkMinutes(args)
  const now = systemClock.wallSeconds()
  const verification = await verifyBoards(grafana, chosenBoards(args.board), {
    datasourceUid: args.datasource,
    window: timeWindow(now - args.minutes * 60, now, scrapeSecondsOf(args)),
    signal: context.signal,
  })
  context.stdout.write(
    args.json ? `${JSON.stringify(verification)}\n` : `${textOf(verification)}\n`,
  )
  return isSound(verification) ? exitCodes.done : exitCodes.bug
}

const isSound = ({ boards, leftBehind }: Verification) =>
  leftBehind.length === 0 &&
  boards.every(
    ({ changes, queries }) =>
      changes.length === 0 && queries.every(({ verdict }) => verdict !== 'failed'),
  )

function textOf({ grafana, api, dataSource, boards, leftBehind }: Verification): string {
  const table = new Table({
    head: ['Board', 'Panel', 'Query', 'Series', 'Verdict'],
    style: { head: [], border: [], compact: true },
  })
  for (const { name, queries } of boards) {
    for (const { panel, title, refId, series, verdict, reason } of queries) {
      const said = reason === undefined ? verdict : `${verdict}: ${reason}`
      table.push([name, `${String(panel)} ${title}`, refId, String(series), said])
    }
  }
  const all = boards.flatMap(({ queries }) => queries)
  const count = (verdict: string) => all.filter((query) => query.verdict === verdict).length
  return [
    table.toString(),
    `Grafana ${grafana.version ?? '(version not told)'} at ${grafana.url} over ${api}, data source ${dataSource.name}`,
    `${String(all.length)} queries: ${String(count('data'))} with data, ${String(count('empty'))} empty, ${String(count('may be empty'))} empty as they may be, ${String(count('failed'))} failed`,
    ...boards.flatMap(({ name, changes }) => changes.map((change) => `${name}: ${change}`)),
    ...leftBehind.map((sentence) => `left behind: ${sentence}`),
  ].join('\n')
}
