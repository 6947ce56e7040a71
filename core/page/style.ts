/**
 * How our pages look: the report of a run and the sidecar's status page. Colours are variables,
 * twice: a page that is read at night should not blind.
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  --page: #f6f7f9; --card: #fff; --ink: #16202c; --muted: #677484; --line: #e6e9ee;
  --good: #16794c; --good-soft: #e2f4ea; --bad: #c22f2f; --bad-soft: #fbe6e6;
  --warn: #9a6200; --warn-soft: #fdf1d7; --accent: #2b66d9; --accent-soft: rgb(43 102 217 / 14%);
  --shape0: #8fc1ee; --shape1: #5c9fe3; --shape2: #2f7cd6; --shape3: #1f5cb0; --shape4: #143c7c;
  --device0: #2b66d9; --device1: #b3541e; --device2: #6d3fc0; --device3: #16794c;
  --band0: rgb(43 102 217 / 7%); --band1: rgb(154 98 0 / 9%); --band2: rgb(22 121 76 / 9%); --band3: rgb(194 47 47 / 9%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e131a; --card: #171e27; --ink: #e8edf3; --muted: #93a0b0; --line: #28313c;
    --good: #53c78c; --good-soft: #143324; --bad: #f0787a; --bad-soft: #3d1d1f;
    --warn: #e3b04b; --warn-soft: #37290d; --accent: #7aa7ff; --accent-soft: rgb(122 167 255 / 18%);
    --shape0: #b9dcff; --shape1: #86bdf8; --shape2: #5a9ff0; --shape3: #3b81dd; --shape4: #2f66bd;
    --device0: #7aa7ff; --device1: #f0a36d; --device2: #b89af5; --device3: #53c78c;
    --band0: rgb(122 167 255 / 9%); --band1: rgb(227 176 75 / 11%); --band2: rgb(83 199 140 / 11%); --band3: rgb(240 120 122 / 12%);
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 var(--sans); }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 15px; margin: 0 0 4px; }
p { margin: 0; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin-bottom: 6px; }
.brand { color: var(--muted); font-size: 13px; letter-spacing: 0.02em; margin-bottom: 18px; }
.pill { font-weight: 650; font-size: 13px; letter-spacing: 0.03em; padding: 3px 11px; border-radius: 999px; }
.good { color: var(--good); background: var(--good-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
.warn { color: var(--warn); background: var(--warn-soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; margin-top: 14px; }
.verdict { display: flex; gap: 14px; align-items: flex-start; }
.verdict .pill { flex: none; margin-top: 1px; }
.verdict ul { margin: 6px 0 0; padding-left: 18px; color: var(--muted); font-size: 14px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin-top: 14px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; }
.tile b { display: block; font-size: 24px; font-weight: 640; letter-spacing: -0.02em; line-height: 1.25; white-space: nowrap; }
.tile span { color: var(--muted); font-size: 13px; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.two .card { margin-top: 14px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { font-weight: 500; color: var(--muted); font-size: 13px; text-align: right; padding: 4px 0 6px 12px; }
td { text-align: right; padding: 5px 0 5px 12px; border-top: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--muted); }
details ul { margin: 8px 0 0; padding-left: 20px; }
.chart { margin-top: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin-top: 8px; font-size: 12.5px; color: var(--muted); }
.legend .key::before { content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 5px; background: var(--key); }
.legend .key.stroke::before { width: 16px; height: 0; border-radius: 0; border-top: 2px solid var(--key); margin-bottom: 3px; background: none; }
.legend .key.dashed::before { border-top-style: dashed; }
.legend output { margin-left: auto; white-space: pre; font-variant-numeric: tabular-nums; color: var(--ink); }
.u-cursor-x, .u-cursor-y { border-color: var(--muted) !important; }
@media (max-width: 760px) { .two { grid-template-columns: 1fr; } }
@media print { body { background: #fff; } .card, .tile { break-inside: avoid; } }
`
