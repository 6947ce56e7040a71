import { expect, test } from 'vitest'
import { alertDefaults, alertsOf } from '../../alerts/index.ts'
import { policy } from '../../core/policy.ts'
import { shippedBoards, withRunbooks } from '../../dashboards/index.ts'
import { lintBoard } from '../../dashboards/lint.ts'
import { modelOf, panelsOf } from './model.ts'

interface Link {
  readonly title: string
  readonly url: string
}
const linksOf = (json: string) =>
  panelsOf(modelOf(json)).flatMap(
    (panel) => (panel as { readonly links?: readonly Link[] }).links ?? [],
  )
const base = 'https://wiki.example/runbooks/'

test('every alert of rerankscope is a link to its runbook, beside the links that were there', () => {
  const alerts = alertsOf({ policy, ...alertDefaults }).map(({ name }) => name)
  const linked = shippedBoards().map((board) => withRunbooks(board, base))
  const links = linked.flatMap(({ json }) => linksOf(json))
  const runbooks = links.filter(({ title }) => title.startsWith('Runbook: '))
  expect(new Set(runbooks.map(({ url }) => url))).toEqual(
    new Set(alerts.map((name) => `${base}${name}.md`)),
  )
  for (const { title, url } of runbooks) expect(url).toBe(`${base}${title.slice(9)}.md`)
  expect(links.filter(({ title }) => title === 'In detail')).toEqual(
    shippedBoards().flatMap(({ json }) => linksOf(json)),
  )
})

test('nothing else changes: without the links it is the board that ships', () => {
  for (const board of shippedBoards()) {
    const changed = withRunbooks(board, base)
    expect(lintBoard(JSON.parse(changed.json), policy)).toEqual([])
    const text = (json: string) =>
      JSON.stringify(JSON.parse(json), (key, value: unknown) =>
        key === 'links' ? undefined : value,
      )
    expect(text(changed.json)).toBe(text(board.json))
  }
})
