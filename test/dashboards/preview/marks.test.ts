import { expect, test } from 'vitest'
import { marksOf } from '../../../dashboards/preview/marks.ts'

const annotation = { name: 'Alerts', enable: true, iconColor: 'red', titleFormat: '{{alertname}}' }
const at = (...seconds: readonly number[]) => seconds.map((each) => [each, 1] as const)

test('what is marked is a span a series and a gap, in the colour of its kind', async () => {
  const asked: string[] = []
  const marks = await marksOf(
    [
      { ...annotation, expr: 'ALERTS' },
      { ...annotation, name: 'Restarts', iconColor: 'blue', titleFormat: '', expr: 'resets' },
      { ...annotation, name: 'off', enable: false, expr: 'off' },
      { ...annotation, name: 'of Grafana' },
    ],
    (expression) => {
      asked.push(expression)
      return Promise.resolve(
        expression === 'ALERTS'
          ? [{ labels: { alertname: 'Slow' }, points: at(15, 30, 45, 90, 105) }]
          : [{ labels: {}, points: at(60) }],
      )
    },
  )
  expect(asked).toEqual(['ALERTS', 'resets'])
  expect(marks).toEqual([
    { title: 'Slow', tone: 'red', fromSeconds: 15, toSeconds: 45 },
    { title: 'Slow', tone: 'red', fromSeconds: 90, toSeconds: 105 },
    { title: 'Restarts', tone: 'blue', fromSeconds: 60, toSeconds: 60 },
  ])
})

test('no more than can be told apart', async () => {
  const series = Array.from({ length: 100 }, () => ({ labels: {}, points: at(15, 30) }))
  const marks = await marksOf([{ ...annotation, expr: 'x' }], () => Promise.resolve(series))
  expect(marks).toHaveLength(40)
})
