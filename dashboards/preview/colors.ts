import type { Field, Steps } from './model.ts'

/**
 * A colour by its name in our style sheet, where it has a light and a dark form. What Grafana calls
 * `semi-dark-green` is `green` here.
 */
export type Tone = (typeof tones)[number]
const tones = ['green', 'red', 'yellow', 'blue', 'purple', 'orange', 'text'] as const

/** For lines that have no colour of their own, in this order and again. */
export const palette = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'] as const
export type Paint = Tone | (typeof palette)[number]

export function toneOf(name: string | undefined): Tone {
  const base = name?.replace(/^(?:super-light|light|semi-dark|dark)-/, '')
  return tones.find((tone) => tone === base) ?? 'text'
}

/** The colour of the step that a value has reached. */
export function stepTone(steps: Steps, value: number): Tone {
  return toneOf(steps.filter((step) => step.value === null || step.value <= value).at(-1)?.color)
}

/** The colour of a line, a bar or a region: its own, or by its place among the others. */
export function paintOf({ color }: Field, at: number): Paint {
  if (color?.mode === 'fixed') return toneOf(color.fixedColor)
  return palette[at % palette.length] ?? 'p0'
}
