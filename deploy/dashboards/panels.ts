import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueGraphMode,
  ReduceDataOptionsBuilder,
  LegendDisplayMode,
  LegendPlacement,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as HeatmapBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** One line of a panel: its expression, and what the legend calls each of its series. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

export interface PanelSpec {
  readonly title: string;
  /** For whoever looks at it for the first time: what it says, and when to worry. */
  readonly description: string;
  /** Of Grafana's list of units; a plain number when absent. */
  readonly unit?: string;
  readonly queries: readonly Query[];
}

export interface StatSpec extends PanelSpec {
  /** The value turns red at this one: where an alert looks at the same, at its threshold. */
  readonly red?: number;
  /** The value is red below this one. */
  readonly redBelow?: number;
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const [GREEN, RED] = ['green', 'red'] as const;

const COLUMNS = { stat: 4, series: 12, heatmap: 12, table: 24 };
const HEIGHTS = { stat: 4, series: 8, heatmap: 8, table: 6 };

/** A number, with its course behind it. */
export function stat({ red, redBelow, ...spec }: StatSpec): Builder<Panel> {
  const panel = new StatBuilder()
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .height(HEIGHTS.stat)
    .span(COLUMNS.stat);
  const steps = [
    { value: null, color: redBelow === undefined ? GREEN : RED },
    ...(redBelow === undefined ? [] : [{ value: redBelow, color: GREEN }]),
    ...(red === undefined ? [] : [{ value: red, color: RED }]),
  ];
  panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  return fill(panel, spec, (query) => query.range());
}

/** Lines over time; with the traces of single requests as points where `exemplars` is set. */
export function series(spec: PanelSpec & { readonly exemplars?: boolean }): Builder<Panel> {
  const legend = new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);
  const panel = new TimeSeriesBuilder().legend(legend).fillOpacity(8).height(HEIGHTS.series).span(COLUMNS.series);
  return fill(panel, spec, (query) => query.range().exemplar(spec.exemplars ?? false));
}

/** How a histogram's values are spread over time; the expression answers its buckets by `le`. */
export function heatmap(spec: PanelSpec): Builder<Panel> {
  const colors = new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Blues').steps(64);
  const panel = new HeatmapBuilder().color(colors).height(HEIGHTS.heatmap).span(COLUMNS.heatmap);
  return fill(panel, spec, (query) => query.range().format(PromQueryFormat.Heatmap));
}

/** Labels of series, as they are now. */
export function table(spec: PanelSpec): Builder<Panel> {
  const panel = new TableBuilder().height(HEIGHTS.table).span(COLUMNS.table);
  return fill(panel, spec, (query) => query.instant().format(PromQueryFormat.Table));
}

/** What the builders of all kinds of panels have. */
interface AnyPanel extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: typeof DATASOURCE): this;
  unit(unit: string): this;
  withTarget(target: DataqueryBuilder): this;
}

function fill(
  panel: AnyPanel,
  { title, description, unit = 'short', queries }: PanelSpec,
  finish: (query: DataqueryBuilder) => DataqueryBuilder,
): Builder<Panel> {
  panel.title(title).description(description).datasource(DATASOURCE).unit(unit);
  queries.forEach(({ expr, legend = '' }, place) => {
    const query = new DataqueryBuilder().datasource(DATASOURCE).refId(String.fromCharCode(65 + place));
    panel.withTarget(finish(query.expr(expr).legendFormat(legend)));
  });
  return panel;
}

export interface DashboardSpec {
  /** Name of its file, and its id in addresses. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Builder<Panel>[] }[];
}

/** From each dashboard to the others, for the same time and the same processes. */
const OTHERS = new DashboardLinkBuilder('Aristarch')
  .type(DashboardLinkType.Dashboards)
  .tags(['aristarch'])
  .keepTime(true)
  .includeVars(true);

// The successor's dashboards are a newer schema; these are what Grafana imports and provisions from files.
/* eslint-disable @typescript-eslint/no-deprecated */
/** A dashboard whose panels stand side by side, row by row, for the processes that its variables choose. */
export function dashboard({ name, title, description, rows }: DashboardSpec): DashboardBuilder {
  const builder = new DashboardBuilder(`Aristarch / ${title}`)
    .uid(`aristarch-${name}`)
    .description(description)
    .tags(['aristarch'])
    .readonly()
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .link(OTHERS)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(choice('namespace', 'label_values(aristarch_build_info, namespace)'))
    .withVariable(choice('job', 'label_values(aristarch_build_info{namespace=~"$namespace"}, job)'))
    .withVariable(
      choice('instance', 'label_values(aristarch_build_info{namespace=~"$namespace",job=~"$job"}, instance)'),
    );
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  return builder;
}
/* eslint-enable @typescript-eslint/no-deprecated */

function choice(name: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .datasource(DATASOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });
}
