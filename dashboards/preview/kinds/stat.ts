import { z } from 'zod'
import { html, type Markup } from '../../../core/page/markup.ts'
import { toneOf, type Tone } from '../colors.ts'
import { shown } from '../fields.ts'
import { reduce } from '../reduce.ts'
import { hasValue, type Series } from '../series.ts'
import type { Kind } from './kind.ts'

const optionsSchema = z.looseObject({
  colorMode: z.string().default('value'),
  graphMode: z.string().default('area'),
  textMode: z.string().default('auto'),
  reduceOptions: z
    .looseObject({ calcs: z.array(z.string()).default(['lastNotNull']) })
    .default({ calcs: ['lastNotNull'] }),
})

export const stat: Kind = {
  type: 'stat',
  draw(panel, series) {
    const options = optionsSchema.parse(panel.options)
    const named =
      options.textMode.includes('name') || (options.textMode === 'auto' && series.length > 1)
    const tiles = series.map((one) => {
      const { text, tone } = shown(one.field, reduce(one, options.reduceOptions.calcs[0] ?? ''))
      const own = one.field.color?.mode === 'fixed' ? toneOf(one.field.color.fixedColor) : tone
      return html`<div class="stat ${options.colorMode} ${own ?? 'text'}">
        ${named ? html`<span>${one.name}</span>` : ''}
        ${options.textMode === 'name' ? '' : html`<b>${text}</b>`}
        ${options.graphMode === 'area' ? sparkline(one, own ?? 'text') : ''}
      </div>`
    })
    return { markup: html`<div class="stats">${tiles}</div>` }
  },
}

/** The line of a series without axes, over the whole width. */
function sparkline(series: Series, tone: Tone): Markup | string {
  if (series.points.length < 2 || !hasValue(series)) return ''
  const values = series.points.map(([, value]) => value ?? 0)
  const highest = Math.max(...values)
  const lowest = Math.min(0, ...values)
  const from = series.points[0]?.[0] ?? 0
  const to = series.points.at(-1)?.[0] ?? 1
  const corners = series.points.flatMap(([seconds, value]) => {
    if (value === null) return []
    const x = (100 * (seconds - from)) / (to - from)
    const y = 100 - (100 * (value - lowest)) / (highest - lowest || 1)
    return [`${x.toFixed(2)},${y.toFixed(2)}`]
  })
  return html`<svg
    class="spark ${tone}"
    viewBox="0 0 100 100"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <polyline points="${corners.join(' ')}" />
  </svg>`
}
