import type { Board } from '../index.ts'

/** A way to hand boards to a Grafana. A member of dashboards/formats/. */
export interface Format {
  /** On the command line. */
  readonly name: string
  /** What it is for, in a few words. */
  readonly summary: string
  /** File names, from the folder that is exported to, and what the files hold. */
  files(
    boards: readonly Board[],
    options: FormatOptions,
  ): readonly (readonly [name: string, text: string])[]
}

export interface FormatOptions {
  /** Title of the folder in Grafana. */
  readonly folder: string
  /** Prometheus, as Grafana reaches it; without a credential, which has no place in a file. */
  readonly prometheusUrl: string
  /** Seconds between two scrapes; from it Grafana makes `$__rate_interval`. */
  readonly scrapeSeconds: number
}
