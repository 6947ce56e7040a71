/** What the report has beside the look of all our pages. */
export const benchStyle = `
.scroll { overflow-x: auto; }
td, th { vertical-align: top; }
td { white-space: normal; min-width: 64px; }
th:not(:first-child) { max-width: 150px; }
ul.notes { margin: 10px 0 0; padding-left: 18px; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
.bars { display: grid; grid-template-columns: minmax(90px, max-content) 1fr 40px; gap: 5px 12px; align-items: center; margin-top: 10px; font-variant-numeric: tabular-nums; }
.bars h3 { grid-column: 1 / -1; font-size: 13px; font-weight: 500; color: var(--muted); margin: 8px 0 0; }
.bars .bar { height: 12px; border-radius: 3px; background: var(--accent-soft); }
.bars .bar i { display: block; height: 100%; border-radius: 3px; background: var(--key); }
.bars .value { text-align: right; }
@media (max-width: 760px) { .scroll table { min-width: 780px; } main { padding: 20px 12px 48px; } .card { padding: 14px; } .verdict { flex-direction: column; gap: 8px; } }
@media print { main { padding: 0; max-width: none; } .bar, .bar i, .pill, .key::before { print-color-adjust: exact; } td, th { font-size: 11px; } }
`
