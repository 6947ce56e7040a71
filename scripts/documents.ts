import { alertDefaults, alertsOf, formChoices, recordsOf, ruleSetChoices } from '../alerts/index.ts'
import { article, cards, dimensions, scoredArticle } from '../comparison/index.ts'
import { fillSections, markdownTable } from '../core/markdown.ts'
import { catalogue } from '../core/metrics.ts'
import { thresholdNames, thresholdsOf, type Policy, type ThresholdName } from '../core/policy.ts'
import { formatLine, formatWindow } from '../core/units.ts'
import { contentsOf, type Board } from '../dashboards/index.ts'

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

/** The lines of the policy, with heads and meanings in the page's language. */
function policyTable(
  heads: readonly string[],
  meanings: Readonly<Record<ThresholdName, string>>,
): Section {
  return ({ policy }) => {
    const lines = thresholdsOf(policy)
    return markdownTable(
      heads,
      thresholdNames.map((name) => [
        `\`${name}\``,
        formatLine(lines[name].utilizationRatio),
        formatWindow(lines[name].windowSeconds),
        meanings[name],
      ]),
    )
  }
}

const sections: Readonly<Record<string, Section | undefined>> = {
  policy: policyTable(['Line', 'Utilisation', 'Mean over', 'Meaning'], {
    scale_in: 'below: fewer replicas would do',
    waste: 'below, with traffic: change the batch strategy',
    target: 'what a well-batched reranker reaches',
    scale_out: 'above: add a replica',
  }),
  'policy-zh': policyTable(['阈值', '利用率', '平均窗口', '含义'], {
    scale_in: '低于：可以减少副本',
    waste: '低于且有流量：调整批处理策略',
    target: '批处理得当时能达到的水平',
    scale_out: '高于：增加副本',
  }),
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
  'bench-dimensions': () =>
    markdownTable(
      ['Dimension', 'Better', 'Weight by default'],
      dimensions.map(({ name, better, weight }) => [`\`${name}\``, better, String(weight)]),
    ),
  'bench-article': () => {
    const own = scoredArticle()
    const score = (value: number | null | undefined) => value?.toFixed(1) ?? '–'
    return markdownTable(
      ['Model', 'Its scores', 'Its total', 'By our rule', 'Total'],
      article.map(({ title, scores, total }, at) => [
        title,
        dimensions
          .slice(0, 4)
          .map(({ name }) => score(scores[name]))
          .join(', '),
        score(total),
        dimensions
          .slice(0, 4)
          .map(({ name }) => score(own[at]?.byDimension[name]))
          .join(', '),
        score(own[at]?.total),
      ]),
    )
  },
  'bench-cards': () =>
    markdownTable(
      ['Card', 'fp16', 'int8', 'fp32 (TF32 where it has it)', 'Whose figure'],
      cards.map(({ title, peakTflops: { fp16, int8, fp32 }, source }) => [
        title,
        ...[fp16, int8, fp32].map((peak) => (peak === undefined ? '–' : String(peak))),
        source,
      ]),
    ),
  records: ({ policy }) =>
    markdownTable(
      ['Series', 'Is'],
      recordsOf({ policy, ...alertDefaults }).map(({ name, says }) => [`\`${name}\``, says]),
    ),
  'alert-forms': () =>
    markdownTable(
      ['`--format`', 'Writes'],
      formChoices.map(({ name, writes }) => [`\`${name}\``, writes]),
    ),
  'alert-sets': ({ policy }) =>
    markdownTable(
      ['`--rules`', 'Reads the metrics of', '`--job`', 'Alerts'],
      ruleSetChoices.map(({ name, reads, job }) => [
        `\`${name}\``,
        reads,
        `\`${job}\``,
        String(alertsOf({ policy, ...alertDefaults, job }, name).length),
      ]),
    ),
  panels: ({ boards }) =>
    boards
      .map(({ title, json }) => {
        const rows = contentsOf(json).map(({ id, title: panel, isHeading, shows, whenBad }) =>
          isHeading ? [`**${panel}**`, '', '', ''] : [panel, String(id), shows, whenBad],
        )
        const table = markdownTable(['Panel', 'id', 'Shows', 'When it looks bad'], rows)
        return `## ${title}\n\n${table.trimEnd()}\n`
      })
      .join('\n'),
  boards: ({ boards }) =>
    markdownTable(
      ['Board', 'uid', 'Shows'],
      boards.map(({ title, uid, description }) => [title, `\`${uid}\``, description]),
    ),
}
