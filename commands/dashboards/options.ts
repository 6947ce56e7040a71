import { formats } from '../../dashboards/index.ts'
import type { Arguments } from '../command.ts'

export const dashboardOptions = {
  board: { type: 'string', alias: 'name', describe: 'This board alone [default: every board]' },
  json: { type: 'boolean', default: false, describe: 'list: as JSON, for programs' },
  format: {
    choices: formats.map(({ name }) => name),
    default: 'json',
    describe: `export: ${formats.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}`,
  },
  out: { type: 'string', describe: 'export: the folder to write to' },
  folder: {
    type: 'string',
    default: 'rerankscope',
    describe: 'export: the folder in Grafana that the boards come into',
  },
  prometheus: {
    type: 'string',
    default: 'http://prometheus:9090',
    describe: 'export --format provisioning: URL of Prometheus, as Grafana reaches it',
  },
  'scrape-seconds': {
    type: 'number',
    default: 15,
    describe:
      'Seconds between two scrapes of the sidecars; windows of rates are made from it (export --format provisioning)',
  },
} as const

export type DashboardArguments = Arguments<typeof dashboardOptions>
