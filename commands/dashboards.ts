import { usageError, type ExitCode } from '../core/errors.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { exportBoards } from './dashboards/export.ts'
import { list } from './dashboards/list.ts'
import { preview } from './dashboards/preview.ts'
import { push } from './dashboards/push.ts'
import { verify } from './dashboards/verify.ts'
import { dashboardOptions, type DashboardArguments } from './dashboards/options.ts'

type Action = (args: DashboardArguments, context: CommandContext) => ExitCode | Promise<ExitCode>

const actions: Readonly<Record<string, Action>> = {
  list,
  export: exportBoards,
  push,
  verify,
  preview,
}

const names = Object.keys(actions)

export const dashboards = defineCommand({
  usage: 'dashboards <action>',
  summary: `Grafana boards: into files, into a Grafana, or drawn without one (action: ${names.join(', ')})`,
  examples: [
    ['dashboards list', 'which boards there are'],
    ['dashboards export --out boards/', 'write every board as JSON, ready to import'],
    [
      'dashboards export --format provisioning --out grafana/',
      'a folder that Grafana provisions itself from',
    ],
    [
      'dashboards push --grafana-url http://127.0.0.1:3000 --grafana-token-file token.txt',
      'write every board into a Grafana, or with --overwrite write it anew',
    ],
    [
      'dashboards verify --grafana-url http://127.0.0.1:3000 --grafana-token-file token.txt',
      'try every board and query in a Grafana, and leave nothing behind',
    ],
    [
      'dashboards preview --prometheus http://127.0.0.1:9090',
      'look at the boards without a Grafana',
    ],
    [
      'dashboards preview --prometheus http://127.0.0.1:9090 --board overview --out overview.html',
      'the last hour of one board as a page of its own',
    ],
  ],
  options: dashboardOptions,
  async run(args, context) {
    const name = String(args.positional['action'])
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action !== undefined) return action(args, context)
    const choice = `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`
    throw usageError(`There is no \`dashboards ${name}\`: say ${choice}.`)
  },
})
