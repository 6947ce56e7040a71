import { alertDefaults, alertsOf } from '../alerts/index.ts'
import { fillSections, markdownTable } from '../core/markdown.ts'
import { catalogue } from '../core/metrics.ts'
import { thresholdNames, thresholdsOf, type Policy } from '../core/policy.ts'
import { formatLine, formatWindow } from '../core/units.ts'
import type { Board } from '../dashboards/index.ts'

/** The parts of hand-written pages that the generator writes, between their markers. */

export interface Sources {
  readonly policy: Policy
  readonly boards: readonly Board[]
}

/** The page with every marked part written anew. Throws when a mark names no part. */
export function fillPage(page: string, sources: Sources): string {
  return fillSections(page, (name) => {
    const write = sections[name]
    if (write === undefined) {
      throw new Error(`no part is called ${name}; there are ${Object.keys(sections).join(', ')}`)
    }
    return write(sources)
  })
}

type Section = (sources: Sources) => string

const sections: Readonly<Record<string, Section | undefined>> = {
  policy: ({ policy }) => {
    const lines = thresholdsOf(policy)
    const meanings = {
      scale_in: 'below: fewer replicas would do',
      waste: 'below, with traffic: change the batch strategy',
      target: 'what a well-batched reranker reaches',
      scale_out: 'above: add a replica',
    } as const
    return markdownTable(
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
    markdownTable(
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
    markdownTable(
      ['Alert', 'Severity', 'Says'],
      alertsOf({ policy, ...alertDefaults }).map(({ name, severity, summary }) => [
        `[\`${name}\`](../alerts/runbooks/${name}.md)`,
        severity,
        summary,
      ]),
    ),
  boards: ({ boards }) =>
    markdownTable(
      ['Board', 'uid', 'Shows'],
      boards.map(({ title, uid, description }) => [title, `\`${uid}\``, description]),
    ),
}
