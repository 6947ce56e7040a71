/** What the report has beside the look of all our pages. */
export const reportStyle = `
section.run + section.run { margin-top: 56px; padding-top: 40px; border-top: 1px solid var(--line); }
td.wide { width: 45%; padding-left: 16px; }
details ul, .verdict ul { overflow-wrap: anywhere; }
.two > .card { min-width: 0; overflow-x: auto; }
@media (max-width: 760px) {
  .tiles { grid-template-columns: 1fr 1fr; }
  .tile b { font-size: 20px; }
  .verdict { flex-direction: column; gap: 8px; }
  td.wide { display: none; }
  .compare { overflow-x: auto; }
}
@media print {
  section.run { break-before: page; }
  section.run:first-of-type { break-before: auto; }
  main { padding: 0; max-width: none; }
}
.scroll { overflow-x: auto; }
.compare td { white-space: normal; }
.bar { position: relative; height: 12px; border-radius: 3px; background: var(--accent-soft); }
.bar i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--accent); }
`
