import { exitCodes, type ExitCode } from '../../core/errors.ts'
import { pushBoards } from '../../dashboards/index.ts'
import type { CommandContext } from '../command.ts'
import { boardsToHandOut } from './chosen.ts'
import { grafanaGiven } from './grafana-given.ts'
import type { DashboardArguments } from './options.ts'

export async function push(args: DashboardArguments, context: CommandContext): Promise<ExitCode> {
  const { folder, overwrite, json } = args
  const grafana = grafanaGiven(args, context)
  const pushed = await pushBoards(grafana, boardsToHandOut(args), { folder, overwrite })
  context.stdout.write(
    json
      ? `${JSON.stringify(pushed)}\n`
      : pushed.map(({ name, done, url }) => `${name}: ${done}, ${url}\n`).join(''),
  )
  return exitCodes.done
}
