/** What the report has beside the look of all our pages. */
export const reportStyle = `
.tiles { grid-template-columns: repeat(auto-fit, minmax(184px, 1fr)); }
.compare th { vertical-align: bottom; overflow-wrap: anywhere; }
section.run + section.run { margin-top: 56px; padding-top: 40px; border-top: 1px solid var(--line); }
td.wide { width: 45%; padding-left: 16px; }
details ul, .verdict ul { overflow-wrap: anywhere; }
.two > .card { min-width: 0; overflow-x: auto; }
@media (max-width: 760px) {
  .tiles { grid-template-columns: 1fr 1fr; }
  .tile b { font-size: 20px; }
  .verdict { flex-direction: column; gap: 8px; }
  td.wide { display: none; }
  main { padding: 20px 12px 48px; }
  .card { padding: 14px; }
  .differences td { white-space: normal; }
  .differences td, .differences th { font-size: 13px; padding-left: 8px; }
  .differences .pill { font-size: 11px; padding: 2px 7px; display: inline-block; border-radius: 10px; text-align: center; }
  .two td, .two th { padding-left: 7px; font-size: 13px; }
  .two td:first-child, .two th:first-child { padding-left: 0; }
  .compare { overflow-x: auto; }
}
@media print {
  section.run { break-before: page; }
  section.run:first-of-type { break-before: auto; }
  main { padding: 0; max-width: none; }
  td.wide { display: none; }
  .two td, .two th { padding-left: 8px; font-size: 12.5px; }
  /* Without it the printer leaves out what the colours say. */
  .heat td, .bar, .bar i, .pill, .key::before { print-color-adjust: exact; }
}
.scroll { overflow-x: auto; margin-top: 10px; }
.heat { width: auto; border-collapse: separate; border-spacing: 3px; }
.heat th, .heat td { min-width: 92px; padding: 5px 10px; border: 0; border-radius: 6px; line-height: 1.3; text-align: center; }
.heat th:first-child, .heat td:first-child { text-align: right; min-width: 0; padding: 0 8px 0 0; }
.heat td[style] { background: color-mix(in srgb, var(--accent) calc(6% + 0.5 * var(--heat)), var(--card)); }
.heat td b { display: block; font-weight: 600; }
.heat td span { font-size: 12px; opacity: 0.75; }
.compare td { white-space: normal; }
.bar { position: relative; height: 12px; border-radius: 3px; background: var(--accent-soft); }
.bar i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--accent); }
`
