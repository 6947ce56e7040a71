import { stringify } from 'yaml'
import { provisionedDataSource } from '../../core/grafana.ts'
import type { Format, FormatOptions } from './format.ts'

/** Where the folder is to be mounted: Grafana reads it when it starts. */
const mountPoint = '/etc/grafana/provisioning'

/**
 * What Grafana provisions itself from: grafana.com/docs, "Provision Grafana". It reads the YAML files
 * of `dashboards/` and `datasources/` and looks for boards only where a provider says.
 */
export const provisioning: Format = {
  name: 'provisioning',
  summary: `boards and data source in a folder to mount at ${mountPoint}`,
  files: (boards, options) => [
    ['dashboards/rerankscope.yaml', providerOf(options)],
    ['datasources/rerankscope.yaml', dataSourceOf(options)],
    ...boards.map((board) => [`dashboards/rerankscope/${board.name}.json`, board.json] as const),
  ],
}

function providerOf({ folder }: FormatOptions): string {
  return stringify({
    apiVersion: 1,
    providers: [
      {
        name: 'rerankscope',
        folder,
        type: 'file',
        // A board that is saved in Grafana would be another one than its file.
        allowUiUpdates: false,
        options: { path: `${mountPoint}/dashboards/rerankscope` },
      },
    ],
  })
}

function dataSourceOf({ prometheusUrl, scrapeSeconds }: FormatOptions): string {
  return stringify({
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus (rerankscope)',
        uid: provisionedDataSource,
        type: 'prometheus',
        access: 'proxy',
        url: prometheusUrl,
        // The queries of a board can be longer than an address may be.
        jsonData: { httpMethod: 'POST', timeInterval: `${String(scrapeSeconds)}s` },
      },
    ],
  })
}
