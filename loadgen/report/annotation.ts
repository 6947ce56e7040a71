import { messageOf, systemCodeOf } from '../../core/errors.ts'
import { grafanaHeaders, type Grafana } from '../../core/grafana.ts'
import type { Summary } from '../measure/run-file.ts'

const timeoutSeconds = 5

/**
 * Marks a run from its start to its end on every board of a Grafana. Resolves with a sentence when
 * that does not work: a run is worth the same without it.
 */
export async function annotateRun(summary: Summary, grafana: Grafana): Promise<string | undefined> {
  const { profile, target, validity, startedAt, endedAt, saturation } = summary
  const load =
    saturation === undefined
      ? `${String(profile.queriesPerSecond)} queries/s`
      : `saturated, ${String(saturation.concurrency)} requests in flight,`
  const body = {
    time: Date.parse(startedAt),
    timeEnd: Date.parse(endedAt),
    tags: ['rerankscope', 'load', profile.name, ...(validity.valid ? [] : ['invalid'])],
    text: `Load ${profile.name}: ${load} against ${target.url}`,
  }
  try {
    const { ok, status } = await fetch(`${grafana.server.url}/api/annotations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...grafanaHeaders(grafana) },
      body: JSON.stringify(body),
      // The credential is for this server alone.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    })
    return ok ? undefined : `Grafana took no annotation: it answered ${String(status)}.`
  } catch (error) {
    return `Grafana took no annotation: ${systemCodeOf(error) ?? messageOf(error)}.`
  }
}
