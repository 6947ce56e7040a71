import { alertDefaults, alertsOf } from '../alerts/index.ts'
import { catalogue } from '../core/metrics.ts'
import { thresholdNames, thresholdsOf, type Policy } from '../core/policy.ts'
import { formatLine, formatWindow } from '../core/units.ts'
import type { Board } from '../dashboards/index.ts'

/** The parts of hand-written pages that the generator writes, between their markers. */

const section = /(<!-- generated:([a-z]+)(?: ([\w-]+))? -->\n)[\s\S]*?(<!-- \/generated -->)/g

export interface Sources {
  readonly policy: Policy
  readonly boards: readonly Board[]
}

export function hasSections(page: string): boolean {
  return page.search(section) >= 0
}

/** The page with every marked part written anew; the page itself when it has none. */
export function fillSections(page: string, sources: Sources): string {
  return page.replace(
    section,
    (_, opening: string, name: string, argument: string | undefined, closing: string) => {
      const write = sections[name]
      if (write === undefined) {
        throw new Error(`no part is called ${name}; there are ${Object.keys(sections).join(', ')}`)
      }
      return `${opening}\n${write(sources, argument ?? '')}\n${closing}`
    },
  )
}

type Section = (sources: Sources, argument: string) => string

const sections: Readonly<Record<string, Section | undefined>> = {
  policy: ({ policy }) => {
    const lines = thresholdsOf(policy)
    const meanings = {
      scale_in: 'below: fewer replicas would do',
      waste: 'below, with traffic: change the batch strategy',
      target: 'what a well-batched reranker reaches',
      scale_out: 'above: add a replica',
    } as const
    return table(
      ['Line', 'Utilisation', 'Mean over', 'Meaning'],
      thresholdNames.map((name) => [
        `\`${name}\``,
        formatLine(lines[name].utilizationRatio),
        formatWindow(lines[name].windowSeconds),
        meanings[name],
      ]),
    )
  },
  metrics: () =>
    table(
      ['Name', 'Kind', 'Unit', 'Labels', 'Meaning'],
      catalogue.map(({ name, kind, unit, labels, help }) => [
        `\`${name}\``,
        kind,
        `\`${unit}\``,
        labels.map((label) => `\`${label}\``).join(', '),
        help,
      ]),
    ),
  alerts: ({ policy }) =>
    table(
      ['Alert', 'Severity', 'Says'],
      alertsOf({ policy, ...alertDefaults }).map(({ name, severity, summary }) => [
        `[\`${name}\`](../alerts/runbooks/${name}.md)`,
        severity,
        summary,
      ]),
    ),
  alert: ({ policy }, name) => {
    const alert = alertsOf({ policy, ...alertDefaults }).find((each) => each.name === name)
    if (alert === undefined) throw new Error(`there is no alert ${name}`)
    return table(
      ['Number', 'Value'],
      [['Severity', alert.severity], ...alert.numbers.map(([what, much]) => [what, much])],
    )
  },
  boards: ({ boards }) =>
    table(
      ['Board', 'uid', 'Shows'],
      boards.map(({ title, uid, description }) => [title, `\`${uid}\``, description]),
    ),
}

/** A table with padded columns, the way prettier would print it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`
  const [first, ...rest] = cells.map(line)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return `${[first, rule, ...rest].join('\n')}\n`
}
