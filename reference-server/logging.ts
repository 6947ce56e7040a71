import type { Clock } from '../core/clock.ts'
import type { RequestObserver } from './record.ts'

export const logFormats = ['text', 'json'] as const
export type LogFormat = (typeof logFormats)[number]

export interface ServerLog {
  /** What a person should know. */
  readonly log: (line: string) => void
  /** Absent: requests leave no line. */
  readonly onRequest?: RequestObserver
}

/**
 * `text`: sentences, one a line, only when something is to be said. `json`: one object a line for
 * these and for each request, with what is known of it but its texts.
 */
export function serverLog(
  format: LogFormat,
  write: (line: string) => void,
  clock: Pick<Clock, 'wallSeconds'>,
): ServerLog {
  if (format === 'text') return { log: write }
  const line = (entry: object) => {
    write(JSON.stringify({ time: new Date(clock.wallSeconds() * 1000).toISOString(), ...entry }))
  }
  return {
    log: (message) => {
      line({ level: 'warn', message })
    },
    onRequest: ({ outcome, startSeconds, endSeconds, stages, traceparent, ...record }) => {
      line({
        level: 'info',
        event: 'request',
        outcome,
        seconds: rounded(endSeconds - startSeconds),
        ...Object.fromEntries(
          stages.map((stage) => [
            `${stage.name}Seconds`,
            rounded(stage.endSeconds - stage.startSeconds),
          ]),
        ),
        documents: record.documents,
        tokens: record.tokens,
        truncatedPairs: record.truncatedPairs,
        cachedPairs: record.cachedPairs,
        traceId: traceIdOf(traceparent),
      })
    },
  }
}

/** Only what can be one: a header is the caller's text. */
function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[\da-f]{2}-([\da-f]{32})-/.exec(traceparent ?? '')?.[1]
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6
}
