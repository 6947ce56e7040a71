import * as common from '@grafana/grafana-foundation-sdk/common'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as stateTimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import type { Panel } from './boards/board.ts'

/** How each kind of panel draws. */

export type PanelBuilder =
  | stat.PanelBuilder
  | timeseries.PanelBuilder
  | stateTimeline.PanelBuilder
  | heatmap.PanelBuilder
  | table.PanelBuilder

export function visualOf(panel: Panel): PanelBuilder {
  switch (panel.kind) {
    case 'stat':
      return statOf(panel)
    case 'timeseries':
      return timeseriesOf(panel)
    case 'state-timeline':
      return new stateTimeline.PanelBuilder()
        .legend(legend(common.LegendDisplayMode.List, []))
        .tooltip(tooltip())
        .showValue(common.VisibilityMode.Never)
        .mergeValues(true)
    case 'heatmap':
      return new heatmap.PanelBuilder().yAxis(new heatmap.YAxisConfigBuilder().unit(panel.unit))
    case 'table':
      return new table.PanelBuilder().showHeader(true)
  }
}

function statOf({ thresholds, series, values, queries }: Panel): stat.PanelBuilder {
  const colored = thresholds !== undefined || series !== undefined || values !== undefined
  return new stat.PanelBuilder()
    .reduceOptions(new common.ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']))
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(colored ? common.BigValueColorMode.Background : common.BigValueColorMode.None)
    .textMode(
      series === undefined && queries.length === 1
        ? common.BigValueTextMode.Value
        : common.BigValueTextMode.ValueAndName,
    )
}

function timeseriesOf(panel: Panel): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .legend(legend(common.LegendDisplayMode.Table, [panel.legendSays ?? 'lastNotNull', 'max']))
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

/** Queries are A, B, C from the first on. */
export function refIdOf(at: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + at)
}

/**
 * One row a set of labels: the answers are merged where their labels agree. Labels that are not
 * named are left out, and so are values that are always 1.
 */
export function fillTable({ columns = [], queries }: Panel, builder: PanelBuilder): void {
  const values = queries
    .map(({ legend: head, unit, labelsOnly }, at) => ({
      // Grafana's own name: plain where there is but one query.
      name: queries.length === 1 ? 'Value' : `Value #${refIdOf(at)}`,
      head,
      unit,
      labelsOnly,
    }))
    .filter(({ labelsOnly }) => labelsOnly !== true)
  const names = [...columns.map(({ label }) => label), ...values.map(({ name }) => name)]
  builder.transformations([
    { id: 'merge', options: {} },
    { id: 'filterFieldsByName', options: { include: { names } } },
    {
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(names.map((name, at) => [name, at])),
        renameByName: Object.fromEntries(columns.map(({ label, shownAs }) => [label, shownAs])),
      },
    },
  ])
  for (const { name, head, unit } of values) {
    builder.overrideByName(name, [
      { id: 'displayName', value: head },
      ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ])
  }
}
