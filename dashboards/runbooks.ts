import { z } from 'zod'
import type { Board } from './index.ts'

/** The sentence of a description that names the alerts of a panel, as dashboards/panel.ts writes it. */
const watchedBy = /^Watched by (.+);/m
const panel = z.looseObject({
  description: z.string().regex(watchedBy),
  targets: z.array(z.unknown()),
  links: z.array(z.unknown()).default([]),
})

/**
 * The board with a link to the runbook of each alert that a panel names. Where runbooks can be read
 * is known to whoever exports, so the shipped boards name them and no more. `base` stands before
 * `AlertName.md`, as in the rules.
 */
export function withRunbooks(board: Board, base: string): Board {
  const model: unknown = JSON.parse(board.json, (_, value: unknown) => {
    const { data } = panel.safeParse(value)
    if (data === undefined) return value
    return Object.assign(value as object, {
      links: [...data.links, ...linksOf(data.description, base)],
    })
  })
  return { ...board, json: `${JSON.stringify(model, null, 2)}\n` }
}

function linksOf(description: string, base: string) {
  const named = watchedBy.exec(description)?.[1] ?? ''
  return [...named.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({
    title: `Runbook: ${name}`,
    type: 'link',
    icon: 'doc',
    tooltip: '',
    url: `${base}${name}.md`,
    tags: [],
    asDropdown: false,
    targetBlank: true,
    includeVars: false,
    keepTime: false,
  }))
}
