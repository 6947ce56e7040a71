import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { engines } from '../../../loadgen/engines/index.ts'
import { Pacer, spinSeconds, waitFor } from '../../../loadgen/engines/pacer.ts'

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

test('fires each instant once, in order, not before it, and prepares it before', async () => {
  const start = systemClock.monotonicSeconds()
  const instants = [0, 0.02, 0.02, 0.15].map((at) => start + at)
  const steps: string[] = []
  const early: number[] = []
  const fired = await new Pacer(systemClock).pace(instants, new AbortController().signal, {
    prepare: (at) => {
      steps.push(`prepare ${String(at)}`)
      return Promise.resolve()
    },
    fire: (at) => {
      steps.push(`fire ${String(at)}`)
      if (systemClock.monotonicSeconds() < instants[at]!) early.push(at)
    },
  })
  expect(fired).toBe(4)
  expect(steps).toEqual(
    [0, 1, 2, 3].flatMap((at) => [`prepare ${String(at)}`, `fire ${String(at)}`]),
  )
  expect(early).toEqual([])
})
