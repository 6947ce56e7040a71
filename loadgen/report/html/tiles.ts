import { html, type Markup } from '../../../core/page/markup.ts'
import { formatBytes, formatCount } from '../../../core/units.ts'
import type { Summary } from '../../measure/run-file.ts'
import { duration, intervalOf, perJoule } from '../text.ts'

/** The figures that one looks for first. */
export function tiles(summary: Summary): Markup {
  const { throughput, gpu, efficiency, totals } = summary
  const device = gpu?.devices[0]
  const percent = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : `${value.toFixed(0)} %`
  const facts: readonly (readonly [string, string])[] = [
    ...latencyTiles(summary),
    [formatCount(throughput.pairsPerSecond), `pairs/s${spreadOf(summary)}`],
    ...(throughput.tokensPerSecond === null
      ? []
      : ([
          [
            formatCount(throughput.tokensPerSecond),
            `tokens/s (${throughput.tokensCountedBy ?? ''}’s count)`,
          ],
        ] as const)),
    [`${formatCount(totals.succeeded)} / ${formatCount(totals.requests)}`, 'requests succeeded'],
    ...(device === undefined
      ? []
      : ([
          [
            percent(device.utilizationPercent.mean),
            `GPU, ${percent(device.utilizationPercent.min)} to ${percent(device.utilizationPercent.max)} (${gpu?.source ?? ''})`,
          ],
          [
            device.memoryUsedBytes.mean === null ? '–' : formatBytes(device.memoryUsedBytes.mean),
            'GPU memory',
          ],
          [
            efficiency.pairsPerSecondPerGb === null
              ? '–'
              : formatCount(efficiency.pairsPerSecondPerGb),
            'pairs/s per GB',
          ],
          ...(efficiency.pairsPerJoule === null
            ? []
            : ([[perJoule(efficiency.pairsPerJoule), 'pairs/J']] as const)),
        ] as const)),
  ]
  return html`<div class="tiles">
    ${facts.map(([value, name]) => html`<div class="tile"><b>${value}</b><span>${name}</span></div>`)}
  </div>`
}

function latencyTiles({
  latencySeconds: { response, service },
  throughput,
  profile,
  saturation,
}: Summary): readonly (readonly [string, string])[] {
  const queries = formatCount(throughput.queriesPerSecond)
  if (saturation !== undefined) {
    return [
      [duration(service.p95), 'p95 service, from the send'],
      [duration(service.p50), 'p50 service'],
      [queries, `queries/s, ${formatCount(saturation.meanInFlight)} in flight on average`],
    ]
  }
  return [
    [duration(response.p95), `p95 response, ${intervalOf(response)}`],
    [duration(response.p50), 'p50 response'],
    [queries, `queries/s of ${formatCount(profile.queriesPerSecond)} offered`],
  ]
}

/** What each second held, where the target set the rate. */
function spreadOf({ saturation }: Summary): string {
  const { min = null, max = null } = saturation?.pairsEachSecond ?? {}
  return min === null || max === null
    ? ''
    : `, ${formatCount(min)} to ${formatCount(max)} each second`
}
