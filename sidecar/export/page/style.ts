/** What the status page has beside the look of all our pages. */
export const statusStyle = `
:root { --calm-soft: #e9edf2; }
@media (prefers-color-scheme: dark) { :root { --calm-soft: #222b36; } }
main { padding-top: 22px; }
header { justify-content: space-between; margin-bottom: 10px; }
header .brand { margin: 0; }
header h1 { font-size: 20px; overflow-wrap: anywhere; }
.calm { color: var(--muted); background: var(--calm-soft); }
#live { font-size: 13px; color: var(--muted); white-space: nowrap; }
#live::before, .dot::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: currentColor; margin-right: 7px; }
#live.good, #live.bad { background: none; }
.dot, .dot.good, .dot.bad { background: none; }
.advice { font-size: 17px; font-weight: 600; line-height: 1.35; }
.verdict > div { min-width: 0; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.tile b { font-size: 22px; }
.tile span { display: block; line-height: 1.35; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; margin-top: 14px; }
.charts .card { margin: 0; min-width: 0; }
.charts .wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
tbody th { color: var(--ink); font-size: inherit; border-top: 1px solid var(--line); padding: 6px 0; white-space: nowrap; }
.words { white-space: normal; overflow-wrap: anywhere; }
.meter { width: 84px; height: 8px; border-radius: 4px; margin-right: 9px; vertical-align: 0; }
.meter .track { fill: var(--accent-soft); }
.meter .fill { fill: var(--accent); }
.charts h2 { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 14px; }
.charts output { font-weight: 400; font-size: 12.5px; white-space: pre-wrap; font-variant-numeric: tabular-nums; }
.legend[hidden] { display: none; }
footer { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 26px; font-size: 13px; color: var(--muted); }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 760px) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 560px) {
  main { padding: 16px 12px 40px; }
  .more { display: none; }
  .verdict { flex-direction: column; gap: 8px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 8px; }
  .tile { padding: 10px 12px; }
  .tile b { font-size: 20px; }
  .card { padding: 14px 14px; }
  tbody th { white-space: normal; }
  .meter { display: none; }
  td { padding-left: 8px; }
}
`
