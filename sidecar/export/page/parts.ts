import type { GuidanceState } from '../../../core/guidance.ts'
import { html, type Markup } from '../../../core/page/markup.ts'
import type { Policy } from '../../../core/policy.ts'
import type { GpuSample, GpuView, Snapshot, SourceHealth } from '../../../core/snapshot.ts'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLine,
  formatRatio,
} from '../../../core/units.ts'

/** What of the page changes, by the id of the element that holds it. */
export interface Parts {
  readonly guidance: string
  readonly tiles: string
  readonly gpus: string
  readonly sources: string
}

/** The same markup for the first paint and for every update, so that they cannot differ. */
export function partsOf(snapshot: Snapshot, policy: Policy): Parts {
  return {
    guidance: guidance(snapshot).text,
    tiles: tiles(snapshot, policy).text,
    gpus: gpus(snapshot.gpus).text,
    sources: sources(snapshot.sources).text,
  }
}

const unknown = '–'
const shown = <T>(value: T | undefined, format: (value: T) => string) =>
  value === undefined ? unknown : format(value)

const tones = {
  healthy: 'good',
  scale_out: 'bad',
  scale_in: 'warn',
  waste: 'warn',
  unmeasurable: 'warn',
  unknown: 'calm',
} as const satisfies Record<GuidanceState, string>

function guidance({ guidance: { state, recommendation, reasons } }: Snapshot): Markup {
  return html`<span class="pill ${tones[state]}">${state.replace('_', ' ')}</span>
    <div>
      <p class="advice">${recommendation}</p>
      <ul>
        ${reasons.map((reason) => html`<li>${reason}</li>`)}
      </ul>
    </div>`
}

function tiles({ gpus: views, serving }: Snapshot, policy: Policy): Markup {
  const up = views.filter((view) => view.up).map(({ sample }) => sample)
  const ratios = up.flatMap(({ utilizationRatio: ratio }) => (ratio === undefined ? [] : [ratio]))
  const mean = ratios.length === 0 ? undefined : sum(ratios) / ratios.length
  const used = totalOf(up, 'memoryUsedBytes')
  const total = totalOf(up, 'memoryTotalBytes')
  const { p95, queriesPerSecond, pairsPerSecond, sample } = serving ?? {}
  const facts: readonly (readonly [value: string, name: string])[] = [
    [
      shown(mean, formatRatio),
      `GPU utilisation now${ratios.length > 1 ? `, mean of ${String(ratios.length)}` : ''}`,
    ],
    [
      shown(p95, ({ seconds }) => formatDuration(seconds)),
      `p95 of ${p95?.of === 'pair' ? 'a pair' : 'a request'} over the last minute, ${p95?.coarse === true ? 'coarse, ' : ''}budget ${formatDuration(policy.p95Seconds)}`,
    ],
    [shown(queriesPerSecond, formatCount), 'queries/s'],
    [shown(pairsPerSecond, formatCount), 'pairs/s'],
    [
      shown(used, formatBytes),
      `GPU memory in use${total === undefined ? '' : ` of ${formatBytes(total)}`}`,
    ],
    [shown(sample?.queuePairs, formatCount), 'pairs waiting'],
  ]
  return html`${facts.map(
    ([value, name]) => html`<div class="tile"><b>${value}</b><span>${name}</span></div>`,
  )}`
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Of all GPUs, or unknown: a sum that leaves one out would be taken for all. */
function totalOf(
  samples: readonly GpuSample[],
  figure: 'memoryUsedBytes' | 'memoryTotalBytes',
): number | undefined {
  const values = samples.flatMap(({ [figure]: value }) => (value === undefined ? [] : [value]))
  return values.length === 0 || values.length < samples.length ? undefined : sum(values)
}

function gpus(views: readonly GpuView[]): Markup {
  if (views.length === 0) return html`<p class="muted">No GPU has been seen.</p>`
  return html`<table>
    <thead>
      <tr>
        <th scope="col">GPU</th>
        <th scope="col">utilisation</th>
        <th scope="col">memory</th>
        <th scope="col" class="more">power</th>
        <th scope="col" class="more">heat</th>
        <th scope="col">state</th>
      </tr>
    </thead>
    <tbody>
      ${views.map(gpuRow)}
    </tbody>
  </table>`
}

function gpuRow({ sample, up }: GpuView): Markup {
  const { index, name, state, utilizationRatio: ratio, throttled } = sample
  const measured = sample.utilizationMeasurable ? shown(ratio, formatRatio) : 'not measurable'
  return html`<tr>
    <th scope="row">${index} <span class="muted">${name}</span></th>
    <td>${up && ratio !== undefined ? meter(ratio) : ''}${up ? measured : unknown}</td>
    <td>
      ${shown(sample.memoryUsedBytes, formatBytes)}${
        sample.memoryTotalBytes === undefined
          ? ''
          : html`<span class="muted more"> of ${formatBytes(sample.memoryTotalBytes)}</span>`
      }
    </td>
    <td class="more">${shown(sample.powerWatts, (watts) => `${watts.toFixed(0)} W`)}</td>
    <td class="more">
      ${shown(sample.temperatureCelsius, (celsius) => `${celsius.toFixed(0)} °C`)}${
        throttled === true ? ' (throttled)' : ''
      }
    </td>
    <td><span class="dot ${up ? 'good' : 'bad'}">${up ? 'ok' : state.replace('_', ' ')}</span></td>
  </tr>`
}

/** Attributes, not a style: the page's policy lets no style in but its own sheet. */
function meter(ratio: number): Markup {
  return html`<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="100" height="8"></rect>
    <rect class="fill" width="${(ratio * 100).toFixed(1)}" height="8"></rect>
  </svg>`
}

function sources(healths: readonly SourceHealth[]): Markup {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">source</th>
        <th scope="col">health</th>
        <th scope="col" class="more">last reading took</th>
        <th scope="col">restarts</th>
      </tr>
    </thead>
    <tbody>
      ${healths.map(
        ({ name, up, reason, durationSeconds, restarts }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="words">
              <span class="dot ${up ? 'good' : 'bad'}">${up ? 'ok' : (reason ?? 'down')}</span>
            </td>
            <td class="more">${up ? shown(durationSeconds, formatDuration) : unknown}</td>
            <td>${restarts}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

/** The legend of the bands, in words: a colour alone says nothing to many. */
export function bandsInWords({ scaleIn, waste, target, scaleOut }: Policy): string {
  const [low, middle, aim, high] = [scaleIn, waste, target, scaleOut].map(({ utilizationRatio }) =>
    formatLine(utilizationRatio),
  )
  return `Under ${low ?? ''} fewer replicas would do, under ${middle ?? ''} with traffic the GPU is wasted, over ${high ?? ''} there is no room for a burst; ${aim ?? ''} is the target.`
}
