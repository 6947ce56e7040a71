import { z } from 'zod'
import { environmentError, messageOf, systemCodeOf, usageError } from '../../../core/errors.ts'
import type { TargetUrl } from '../../../core/target-url.ts'
import { stepwise, type Load } from './load.ts'

export interface RangeQuery {
  readonly server: TargetUrl
  /** Must give one series: the load, in GPUs kept wholly busy. */
  readonly query: string
  /** Unix seconds. */
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly gpusPerReplica: number
}

/** Prometheus itself refuses more than 11,000 points. */
const maximumPoints = 10_000
const shortestStepSeconds = 15
const timeoutMilliseconds = 30_000
const maximumBytes = 16 * 1024 * 1024

const answerSchema = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z
    .object({
      resultType: z.string(),
      result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })),
    })
    .optional(),
})

/**
 * A load as Prometheus recorded it. Where it has no sample, nothing is known.
 *
 * @throws UserError (environment) when the server cannot be asked, (usage) when it does not take the
 * query or answers with anything but one series.
 */
export async function prometheusLoad(range: RangeQuery): Promise<Load> {
  const { server, query, fromSeconds, toSeconds } = range
  const seconds = toSeconds - fromSeconds
  const stepSeconds = Math.max(shortestStepSeconds, Math.ceil(seconds / maximumPoints))
  const url = new URL(`${server.url}/api/v1/query_range`)
  const parameters = { query, start: fromSeconds, end: toSeconds, step: stepSeconds }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value))
  const { status, text } = await ask(url, server)
  const answer = answerSchema.safeParse(parsed(text))
  if (!answer.success) {
    throw environmentError(
      `--prometheus ${server.url} answered ${String(status)} and not as Prometheus does: check the address.`,
    )
  }
  if (answer.data.status !== 'success') {
    throw usageError(
      `Prometheus does not take --query: ${answer.data.error ?? `status ${String(status)}`}.`,
    )
  }
  const series = answer.data.data?.result ?? []
  const [only] = series
  if (only === undefined || series.length > 1) {
    throw usageError(
      series.length === 0
        ? `Prometheus has no samples for --query between --from and --to (${query}): check --namespace and --job, and that it was scraped then; sidecars outside Kubernetes have no namespace, so give a --query of your own.`
        : `--query gives ${String(series.length)} series, and one is needed: put sum() around it.`,
    )
  }
  return loadOf(only.values, range, { seconds, stepSeconds })
}

async function ask(
  url: URL,
  { url: shown, headers }: TargetUrl,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMilliseconds) })
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += piece.length
      if (bytes > maximumBytes) throw new Error('the answer is larger than 16 MiB')
      pieces.push(piece)
    }
    return { status: response.status, text: Buffer.concat(pieces).toString('utf8') }
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    const reason = timedOut
      ? `no answer within ${String(timeoutMilliseconds / 1000)} s`
      : (systemCodeOf(error) ?? messageOf(error))
    throw environmentError(
      `--prometheus ${shown} cannot be asked (${reason}): check the address, and that Prometheus runs.`,
      { cause: error },
    )
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function loadOf(
  values: readonly (readonly [number, string])[],
  { fromSeconds, gpusPerReplica }: RangeQuery,
  { seconds, stepSeconds }: { readonly seconds: number; readonly stepSeconds: number },
): Load {
  const points = values.flatMap(([atUnixSeconds, text], at) => {
    const atSeconds = atUnixSeconds - fromSeconds
    const value = Number(text)
    const demand = Number.isFinite(value) ? Math.max(0, value) / gpusPerReplica : undefined
    // After the last sample before a hole nothing is known until the next.
    const next = values[at + 1]?.[0] ?? Infinity
    const hole = next > atUnixSeconds + stepSeconds * 1.5
    return [
      { atSeconds, demand },
      ...(hole ? [{ atSeconds: atSeconds + stepSeconds, demand: undefined }] : []),
    ]
  })
  return stepwise('recorded by Prometheus', seconds, points)
}
