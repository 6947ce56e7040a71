/** What the report has beside the look of all our pages. */
export const reportStyle = `
section.run + section.run { margin-top: 56px; padding-top: 40px; border-top: 1px solid var(--line); }
td.wide { width: 45%; padding-left: 16px; }
.compare td { white-space: normal; }
.bar { position: relative; height: 12px; border-radius: 3px; background: var(--accent-soft); }
.bar i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--accent); }
`
