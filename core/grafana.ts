import type { TargetUrl } from './target-url.ts'

/** A Grafana, and who we are to it. */
export interface Grafana {
  readonly server: TargetUrl
  /** Of a service account; undefined: the URL's user, or nobody. */
  readonly token: string | undefined
}

/** To be sent to this server alone: they hold the credential. */
export function grafanaHeaders({ server, token }: Grafana): Readonly<Record<string, string>> {
  return { ...server.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
}

/** The uid of the data source that we provision. Rules name it, so it is the same on every machine. */
export const provisionedDataSource = 'rerankscope-prometheus'
