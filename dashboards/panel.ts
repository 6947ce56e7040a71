import * as common from '@grafana/grafana-foundation-sdk/common'
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as stateTimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { colors, type Panel } from './boards/board.ts'

/** The one door to Grafana's panel builders. It sets what they leave out: ids, refIds, data sources. */

export const datasource = { type: 'prometheus', uid: '${datasource}' } as const

type PanelBuilder = stat.PanelBuilder | timeseries.PanelBuilder | stateTimeline.PanelBuilder

/** A panel as Grafana's classic JSON has it, at its place on the grid of 24 columns. */
export function buildPanel(panel: Panel, gridPos: grafana.GridPos): grafana.Panel {
  const builder = builderOf(panel)
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
  for (const { name, shownAs, color } of panel.series ?? []) {
    builder.overrideByName(name, [
      { id: 'displayName', value: shownAs },
      { id: 'color', value: { mode: 'fixed', fixedColor: color } },
    ])
  }
  for (const [at, query] of panel.queries.entries()) {
    builder.withTarget(targetOf(query, at, panel.kind))
  }
  return builder.build()
}

function builderOf(panel: Panel): PanelBuilder {
  switch (panel.kind) {
    case 'stat':
      return new stat.PanelBuilder()
        .reduceOptions(new common.ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']))
        .graphMode(common.BigValueGraphMode.None)
        .colorMode(
          panel.thresholds === undefined && panel.series === undefined
            ? common.BigValueColorMode.None
            : common.BigValueColorMode.Background,
        )
        .textMode(
          panel.series === undefined
            ? common.BigValueTextMode.Value
            : common.BigValueTextMode.ValueAndName,
        )
    case 'timeseries':
      return timeseriesOf(panel)
    case 'state-timeline':
      return new stateTimeline.PanelBuilder()
        .legend(legend(common.LegendDisplayMode.List, []))
        .tooltip(tooltip())
        .showValue(common.VisibilityMode.Never)
        .mergeValues(true)
  }
}

function timeseriesOf(panel: Panel): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .legend(legend(common.LegendDisplayMode.Table, ['lastNotNull', 'max']))
    .tooltip(tooltip())
    .fillOpacity(panel.stacked === true ? 50 : 10)
    .showPoints(common.VisibilityMode.Never)
  if (panel.stacked === true) {
    builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
  }
  if (panel.thresholds !== undefined) {
    builder.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Area),
    )
  }
  return builder
}

function legend(mode: common.LegendDisplayMode, calcs: string[]) {
  return new common.VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(mode)
    .placement(common.LegendPlacement.Bottom)
    .calcs(calcs)
}

function tooltip() {
  return new common.VizTooltipOptionsBuilder()
    .mode(common.TooltipDisplayMode.Multi)
    .sort(common.SortOrder.Descending)
}

/** A number as a stat asks for it now only: the last value of a range may be an hour old. */
function targetOf(
  { query, legend: legendFormat }: Panel['queries'][number],
  at: number,
  kind: Panel['kind'],
): prometheus.DataqueryBuilder {
  const target = new prometheus.DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + at))
    .datasource(datasource)
    .expr(query.text)
    .legendFormat(legendFormat)
  return kind === 'stat' ? target.instant() : target.range()
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

function descriptionOf({ shows, whenBad, queries }: Panel): string {
  const names = new Set(queries.flatMap(({ query }) => query.metrics.map(({ name }) => name)))
  const from = [...names].map((name) => `\`${name}\``).join(', ')
  return `${shows}\n\nFrom ${from}.\n\n${whenBad}`
}
