import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { engines } from '../../../loadgen/engines/index.ts'
import { spinSeconds, waitFor } from '../../../loadgen/engines/pacer.ts'

test('sleeps until shortly before an instant, spins the rest, and never waits for the past', () => {
  expect(waitFor(10, 9)).toEqual({ kind: 'sleep', seconds: 1 - spinSeconds })
  expect(waitFor(10, 10 - spinSeconds / 2)).toEqual({ kind: 'spin' })
  expect(waitFor(10, 10)).toEqual({ kind: 'due' })
  expect(waitFor(10, 17)).toEqual({ kind: 'due' })
})

test('every member of the folder is in the list', () => {
  const shared = ['engine.ts', 'index.ts', 'pacer.ts']
  const members = readdirSync(new URL('../../../loadgen/engines/', import.meta.url))
    .filter((name) => !shared.includes(name))
    .map((name) => name.replace(/\.ts$/, ''))
  expect(engines.map(({ name }) => name).sort()).toEqual(members.sort())
})
