import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import { colors, uidOf, type Panel } from './boards/board.ts'
import { fillTable, refIdOf, visualOf } from './visual.ts'

/** The one door to Grafana's panel builders. It sets what they leave out: ids, refIds, data sources. */

export const datasource = { type: 'prometheus', uid: '${datasource}' } as const

/** A panel as Grafana's classic JSON has it, at its place on the grid of 24 columns. */
export function buildPanel(panel: Panel, gridPos: grafana.GridPos): grafana.Panel {
  const builder = visualOf(panel)
    .id(panel.id)
    .gridPos(gridPos)
    .title(panel.title)
    .description(descriptionOf(panel))
    .datasource(datasource)
    .unit(panel.unit)
    .min(0)
    .noValue(panel.whenEmpty)
    .mappings(mappingsOf(panel))
    .thresholds(thresholdsOf(panel))
  if (panel.maximum !== undefined) builder.max(panel.maximum)
  if (panel.opens !== undefined) builder.links([detailLink(panel.opens)])
  for (const { name, shownAs, color } of panel.series ?? []) {
    builder.overrideByName(name, [
      { id: 'displayName', value: shownAs },
      { id: 'color', value: { mode: 'fixed', fixedColor: color } },
    ])
  }
  if (panel.kind === 'table') fillTable(panel, builder)
  for (const [at, query] of panel.queries.entries()) {
    builder.withTarget(targetOf(query, at, panel.kind))
  }
  return builder.build()
}

/** What is chosen here stays chosen there. */
function detailLink(name: Parameters<typeof uidOf>[0]): grafana.DashboardLinkBuilder {
  return new grafana.DashboardLinkBuilder('In detail')
    .type(grafana.DashboardLinkType.Link)
    .url(`/d/${uidOf(name)}?\${__url_time_range}&\${__all_variables}`)
}

const formats: Readonly<Partial<Record<Panel['kind'], prometheus.PromQueryFormat>>> = {
  heatmap: prometheus.PromQueryFormat.Heatmap,
  table: prometheus.PromQueryFormat.Table,
}

/** A number as a stat asks for it now only: the last value of a range may be an hour old. */
function targetOf(
  { query, legend: legendFormat }: Panel['queries'][number],
  at: number,
  kind: Panel['kind'],
): prometheus.DataqueryBuilder {
  const target = new prometheus.DataqueryBuilder()
    .refId(refIdOf(at))
    .datasource(datasource)
    .expr(query.text)
    .legendFormat(legendFormat)
    .format(formats[kind] ?? prometheus.PromQueryFormat.TimeSeries)
  return kind === 'stat' || kind === 'table' ? target.instant() : target.range()
}

/** Always said: left out, Grafana colours everything from 80 upwards red. */
function thresholdsOf({ thresholds }: Panel): grafana.ThresholdsConfigBuilder {
  const steps = thresholds ?? [{ from: undefined, color: colors.neutral }]
  return new grafana.ThresholdsConfigBuilder()
    .mode(grafana.ThresholdsMode.Absolute)
    .steps(steps.map(({ from, color }) => ({ value: from ?? null, color })))
}

function mappingsOf({ values, whenEmpty }: Panel): grafana.ValueMapping[] {
  const words: grafana.ValueMapping = {
    type: grafana.MappingType.ValueToText,
    options: Object.fromEntries(
      (values ?? []).map(({ value, text, color }, index) => [
        String(value),
        { text, color, index },
      ]),
    ),
  }
  // 0/0 is what a ratio is without traffic; it must not read "NaN".
  const empty: grafana.ValueMapping = {
    type: grafana.MappingType.SpecialValue,
    options: {
      match: grafana.SpecialValueMatch.NullAndNan,
      result: { text: whenEmpty, index: values?.length ?? 0 },
    },
  }
  return values === undefined ? [empty] : [words, empty]
}

function descriptionOf({ shows, whenBad, queries, alerts }: Panel): string {
  const names = new Set(queries.flatMap(({ query }) => query.metrics.map(({ name }) => name)))
  const from = [...names].map((name) => `\`${name}\``).join(', ')
  const watched = alerts?.map((name) => `\`${name}\``).join(', ')
  return [
    shows,
    `From ${from}.`,
    whenBad,
    ...(watched === undefined
      ? []
      : [`Watched by ${watched}; the runbook of that name says more.`]),
  ].join('\n\n')
}
