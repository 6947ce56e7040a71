import { toneOf, type Tone } from './colors.ts'
import type { Annotation } from './model.ts'
import type { RawSeries } from './prometheus.ts'
import { filledIn } from './series.ts'

/** What happened from one instant to another, drawn across every chart. */
export interface Mark {
  readonly title: string
  readonly tone: Tone
  readonly fromSeconds: number
  readonly toSeconds: number
}

/** More would hide the lines. */
const maximumMarks = 40

/** The annotations that a Prometheus knows; those that Grafana itself keeps are not to be had here. */
export async function marksOf(
  annotations: readonly Annotation[],
  range: (expression: string) => Promise<readonly RawSeries[]>,
): Promise<readonly Mark[]> {
  const marks: Mark[] = []
  for (const { name, enable, expr, iconColor, titleFormat } of annotations) {
    if (!enable || expr === undefined) continue
    for (const { labels, points } of await range(expr)) {
      const title = titleFormat === '' ? name : filledIn(titleFormat, labels)
      marks.push(...spansOf(points).map((span) => ({ title, tone: toneOf(iconColor), ...span })))
    }
  }
  return marks.slice(0, maximumMarks)
}

/** Points that follow one another at the usual distance are one span. */
function spansOf(points: RawSeries['points']): Pick<Mark, 'fromSeconds' | 'toSeconds'>[] {
  const step = Math.min(...points.slice(1).map(([at], n) => at - (points[n]?.[0] ?? at)))
  const spans: { fromSeconds: number; toSeconds: number }[] = []
  for (const [seconds] of points) {
    const last = spans.at(-1)
    if (last !== undefined && seconds - last.toSeconds <= step) last.toSeconds = seconds
    else spans.push({ fromSeconds: seconds, toSeconds: seconds })
  }
  return spans
}
