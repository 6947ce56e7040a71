import type { BoardPicture } from '../picture.ts'

/** What the boards need beside the look that all of our pages share. */
export const previewStyle = `
:root {
  --tone-green: #1f8a57; --tone-red: #c9342f; --tone-yellow: #b58100; --tone-blue: #2b66d9;
  --tone-purple: #7a45c4; --tone-orange: #c4611a; --tone-text: #677484;
  --tone-p0: #2b66d9; --tone-p1: #1f8a57; --tone-p2: #c4611a; --tone-p3: #7a45c4;
  --tone-p4: #b0306f; --tone-p5: #17808f; --tone-p6: #8a6d00; --tone-p7: #5a6b80;
}
@media (prefers-color-scheme: dark) {
  :root {
    --tone-green: #53c78c; --tone-red: #f0787a; --tone-yellow: #e3b04b; --tone-blue: #7aa7ff;
    --tone-purple: #b89af5; --tone-orange: #f0a36d; --tone-text: #93a0b0;
    --tone-p0: #7aa7ff; --tone-p1: #53c78c; --tone-p2: #f0a36d; --tone-p3: #b89af5;
    --tone-p4: #f08bb8; --tone-p5: #5cc8d6; --tone-p6: #d9bd55; --tone-p7: #a5b4c7;
  }
}
${[
  ...['green', 'red', 'yellow', 'blue', 'purple', 'orange', 'text'],
  ...['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'],
]
  .map((name) => `.${name} { --tone: var(--tone-${name}); }`)
  .join('\n')}
main { max-width: 1440px; padding: 20px 16px 48px; }
header { align-items: baseline; }
header h1 { font-size: 21px; }
header .pill { margin-left: auto; }
form { display: flex; flex-wrap: wrap; gap: 8px 14px; margin: 10px 0 4px; font-size: 13px; color: var(--muted); }
select, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 2px 6px; max-width: 260px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 8px; font-size: 13px; }
nav a { color: var(--accent); }
nav a[aria-current] { color: var(--ink); text-decoration: none; font-weight: 640; }
h2.section { margin: 22px 0 0; font-size: 15px; }
.board { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); grid-auto-rows: 30px; gap: 8px; margin-top: 10px; }
.panel { display: flex; flex-direction: column; min-width: 0; overflow: hidden; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 7px 10px 8px; }
.panel h3 { flex: none; font-size: 13px; font-weight: 600; margin: 0 0 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.body { flex: 1; min-height: 0; display: flex; flex-direction: column; position: relative; }
.body > .chart { flex: 1; min-height: 40px; margin: 0; }
.scroll { overflow: auto; }
.legend-table { flex: none; max-height: 38%; margin-top: 2px; }
.legend-table th, .legend-table td { font-size: 12px; padding-top: 1px; padding-bottom: 1px; border: 0; }
.rows th, .rows td { font-size: 12.5px; text-align: left; padding-left: 8px; vertical-align: bottom; }
.rows th:first-child, .rows td:first-child { padding-left: 0; }
.rows .number { font-variant-numeric: tabular-nums; }
.keys { flex: none; display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; color: var(--muted); }
.key { white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 12px; height: 3px; border-radius: 2px; margin: 0 6px 3px 0; background: var(--tone); }
.stats { flex: 1; min-height: 0; display: flex; gap: 6px; }
.stat { flex: 1; min-width: 0; position: relative; display: flex; flex-direction: column; align-items: center; justify-content: center; border-radius: 6px; text-align: center; line-height: 1.2; }
.stat b { font-size: 27px; font-weight: 640; letter-spacing: -0.02em; position: relative; }
.stat span { font-size: 14px; position: relative; }
.stat.value b { color: var(--tone); }
.stat.value.text b { color: var(--ink); }
.stat.background { background: color-mix(in srgb, var(--tone) 88%, black); color: #fff; }
.stat.background.text { background: none; color: var(--ink); }
.spark { position: absolute; inset: auto 0 0 0; width: 100%; height: 45%; opacity: 0.35; }
.spark polyline { fill: none; stroke: var(--tone); stroke-width: 2; vector-effect: non-scaling-stroke; }
.nothing { margin: auto; font-size: 20px; color: var(--muted); text-align: center; }
.said { margin: auto; font-size: 13px; color: var(--muted); text-align: center; max-width: 46em; }
.nothing + .said { margin-top: 0; }
[data-state="failed"] .said, [data-state="unknown"] .said { color: var(--bad); }
.plot { flex: 1; min-height: 0; display: grid; grid-template: minmax(0, 1fr) 18px / fit-content(45%) minmax(0, 1fr); font-size: 11px; color: var(--muted); }
.plot svg { display: block; }
.plot-y { grid-area: 1 / 1; display: flex; flex-direction: column; min-width: 0; text-align: right; }
.plot-y span { flex: 1; min-height: 0; padding-right: 8px; display: grid; align-items: center; }
.plot-y i { font-style: normal; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.plot-x { grid-area: 2 / 2; display: flex; }
.plot-x span { flex: 1; text-align: center; }
.plot-cells { grid-area: 1 / 2; }
.plot-cells rect { fill: var(--tone); shape-rendering: crispEdges; }
${[1, 2, 3, 4, 5, 6, 7, 8]
  .map(
    (shade) =>
      `.plot-cells .heat${String(shade)} { fill: var(--accent); fill-opacity: ${String(shade / 8)}; }`,
  )
  .join('\n')}
.tip { position: absolute; top: 2px; z-index: 3; pointer-events: none; white-space: pre; font-size: 12px; line-height: 1.35; font-variant-numeric: tabular-nums; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; box-shadow: 0 2px 8px rgb(0 0 0 / 15%); }
footer { margin-top: 18px; color: var(--muted); font-size: 13px; }
@media (max-width: 760px) {
  .board { display: block; }
  .panel { height: 300px; margin-top: 8px; }
  .panel.low { height: 140px; }
}
`

/** Grafana's grid: 24 columns, and rows of 30 pixels with 8 between them. */
export function gridStyle({ name, sections }: BoardPicture): string {
  return sections
    .flatMap(({ panels }) => {
      const top = Math.min(...panels.map(({ grid }) => grid.y))
      return panels.map(
        ({ id, grid }) =>
          `#${panelKey(name, id)} { grid-area: ${[grid.y - top + 1, grid.x + 1].map(String).join(' / ')} / span ${String(grid.h)} / span ${String(grid.w)}; }`,
      )
    })
    .join('\n')
}

/** The element of a panel. */
export const panelKey = (board: string, id: number) => `panel-${board}-${String(id)}`
