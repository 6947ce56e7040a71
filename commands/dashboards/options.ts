import { usageError } from '../../core/errors.ts'
import { grafanaOptions } from '../grafana.ts'
import { formats, maximumMinutes } from '../../dashboards/index.ts'
import type { Arguments } from '../command.ts'

export const dashboardOptions = {
  board: {
    type: 'string',
    alias: 'name',
    describe: 'This board alone',
    defaultDescription: 'every board',
  },
  json: { type: 'boolean', default: false, describe: 'Print JSON, for programs' },
  format: {
    choices: formats.map(({ name }) => name),
    default: 'json',
    describe: `export: ${formats.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}`,
  },
  out: {
    type: 'string',
    describe: 'export: the folder to write to; preview: a file for one board as a page of its own',
  },
  folder: {
    type: 'string',
    default: 'rerankscope',
    describe: 'export, push: the folder in Grafana that the boards come into',
  },
  ...grafanaOptions('push, verify: URL of Grafana', 'write dashboards and folders'),
  'runbook-base': {
    type: 'string',
    describe: 'export, push: link panels to runbooks: what stands before <AlertName>.md',
  },
  overwrite: {
    type: 'boolean',
    default: false,
    describe: 'push: replace boards that are there already',
  },
  datasource: {
    type: 'string',
    alias: 'datasource-uid',
    describe: 'verify: uid of the Prometheus data source to ask',
    defaultDescription: 'the default one, or the first',
  },
  prometheus: {
    type: 'string',
    describe:
      'URL of Prometheus. preview: to ask; export --format provisioning: as Grafana reaches it',
    defaultDescription: 'export: http://prometheus:9090',
  },
  'scrape-seconds': {
    type: 'number',
    default: 15,
    describe:
      'Seconds between two scrapes of the sidecars; windows of rates are made from it (preview, verify, export --format provisioning)',
  },
  listen: {
    type: 'string',
    default: '127.0.0.1:9465',
    describe: 'preview: HOST:PORT of its pages; port 0 is any free one',
  },
  minutes: {
    type: 'number',
    default: 60,
    describe:
      'preview, verify: how much time is shown or asked for, up to now (preview: or to --to)',
  },
  from: {
    type: 'string',
    describe: 'preview --out: where it begins, ISO 8601 or Unix seconds',
    defaultDescription: 'by --minutes',
  },
  to: {
    type: 'string',
    describe: 'preview --out: where it ends, ISO 8601 or Unix seconds',
    defaultDescription: 'now',
  },
} as const

export type DashboardArguments = Arguments<typeof dashboardOptions>

/** Throws a `UserError` (usage) when that can be no time between two scrapes. */
export function scrapeSecondsOf(args: DashboardArguments): number {
  const seconds = args['scrape-seconds']
  if (seconds >= 1 && seconds <= 3600) return seconds
  throw usageError('--scrape-seconds must be from 1 to 3600.')
}

/** Throws a `UserError` (usage) when that is no time that a board can show. */
export function checkMinutes({ minutes }: DashboardArguments): void {
  if (minutes >= 1 && minutes <= maximumMinutes) return
  throw usageError(`--minutes must be from 1 to ${String(maximumMinutes)}.`)
}
