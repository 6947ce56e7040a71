import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readProfile } from '../../commands/profile-file.ts'
import { exitCodes } from '../../core/errors.ts'
import { encodeTraceHeader, encodeTraceRequest } from '../../core/trace.ts'
import { profiles } from '../../loadgen/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-profile-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const fileOf = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const refusalOf = async (path: string) => {
  const error: unknown = await readProfile(path).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'UserError', exitCode: exitCodes.usage })
  return (error as Error).message.replaceAll(folder, 'DIR')
}

test.each(profiles)('$name is found by its name', async (profile) => {
  expect(await readProfile(profile.name)).toBe(profile)
})

test('a profile of YAML, with what it leaves out', async () => {
  const text = `
name: evening
arrivals: {kind: ramp, fromQueriesPerSecond: 0, toQueriesPerSecond: 12}
documents: [10, 50]
tokens: [128, 512]
seconds: 90
`
  expect(await readProfile(fileOf('evening.yaml', text))).toEqual({
    name: 'evening',
    summary: '',
    arrivals: {
      kind: 'ramp',
      fromQueriesPerSecond: 0,
      toQueriesPerSecond: 12,
      spacing: 'even',
    },
    queriesPerBatch: 1,
    shapes: { documents: [10, 50], tokens: [128, 512] },
    seconds: 90,
  })
})

test.each([
  ['- low\n', 'line 1: must be a mapping of keys to values.'],
  [
    'name: My Profile\narrivals:\n  kind: sawtooth\nqps: 5\ndocuments: [10, 0, 2.5]\nqueriesPerBatch: 0\n',
    'line 1, name: expected lower-case letters, digits and -, at most 60; ' +
      'line 3, arrivals.kind: expected one of constant, poisson, gamma, ramp, steps, burst, trace; ' +
      'line 6, queriesPerBatch: must be at least 1; ' +
      'line 5, documents.1: must be at least 1; ' +
      'line 5, documents.2: must be a whole number; ' +
      'line 4, qps: is no key of a profile.',
  ],
  [
    'name: a\narrivals:\n  kind: gamma\n  queriesPerSecond: -1\n  spacing: even\ndocuments: few\n',
    'line 4, arrivals.queriesPerSecond: must be more than 0; ' +
      'line 2, arrivals.shape: is missing; ' +
      'line 5, arrivals.spacing: is no key of a profile; ' +
      'line 6, documents: must be one of own, recorded or must be a list.',
  ],
  [
    'name: a\narrivals: {kind: burst, queriesPerSecond: 1, burstQueriesPerSecond: 2, everySeconds: 5, burstSeconds: 6}\ndocuments: [1]\n',
    'line 2, arrivals.burstSeconds: must be less than everySeconds.',
  ],
  ['name: a\narrivals: {kind: constant, queriesPerSecond: 1}\n', 'line 1, documents: is missing.'],
  [
    'name: a\narrivals: {kind: constant, queriesPerSecond: 1}\ndocuments: recorded\ntokens: [5]\n',
    'line 3, documents: recorded needs arrivals of kind trace; line 4, tokens: needs documents to be a list of numbers.',
  ],
])('every mistake of %j is named with its line', async (text, message) => {
  expect(await refusalOf(fileOf('wrong.yaml', text))).toBe(`--profile DIR/wrong.yaml: ${message}`)
})

test.each([
  [
    'name: [a\n',
    /^--profile DIR\/broken\.yaml cannot be read: Flow sequence .* at line 2, column 1\.$/,
  ],
  [
    'name: a\nname: b\n',
    /^--profile DIR\/broken\.yaml cannot be read: Map keys must be unique at line 2/,
  ],
])('%j is no YAML', async (text, message) => {
  expect(await refusalOf(fileOf('broken.yaml', text))).toMatch(message)
})

test('a name that is neither, a file that is not there', async () => {
  expect(await refusalOf('medium')).toMatch(/^There is no profile medium; choose from low, high,/)
  expect(await refusalOf(join(folder, 'none.yaml'))).toMatch(
    /none\.yaml cannot be read: there is no such file or folder/,
  )
  expect(await refusalOf(join(folder, 'none.csv'))).toMatch(
    /none\.csv: cannot be read: there is no such file or folder/,
  )
  expect(await refusalOf(join(folder, 'none.jsonl'))).toMatch(
    /none\.jsonl: cannot be read: there is no such file or folder/,
  )
})

describe('a recording', () => {
  const header = encodeTraceHeader({ startedAt: '2026-11-22T15:04:05Z', texts: false })
  const request = (offsetSeconds: number) =>
    encodeTraceRequest({ offsetSeconds, queries: 1, documents: 2, documentCharacters: [5, 9] })

  test('of JSON lines is a profile of its own, its requests in order of time from 0', async () => {
    const path = fileOf('My Day.jsonl', [header, request(7), request(3), ''].join('\n'))
    expect(await readProfile(path)).toMatchObject({
      name: 'my-day',
      shapes: 'recorded',
      arrivals: {
        kind: 'trace',
        file: 'My Day.jsonl',
        requests: [
          { offsetSeconds: 0, documents: 2, documentCharacters: [5, 9] },
          { offsetSeconds: 4, documents: 2, documentCharacters: [5, 9] },
        ],
      },
    })
  })

  test.each([
    ['seconds', '0.5,3', '2.5,4'],
    ['ISO times', '2026-11-22T15:04:05.5Z,3', '2026-11-22T16:04:07.5+01:00,4'],
  ])('of CSV with %s', async (_, first, second) => {
    const path = fileOf(
      'day.csv',
      `\uFEFFTimestamp,documents\r\n${first}\r\n"${second.replace(',', '",')}\r\n`,
    )
    expect(await readProfile(path)).toMatchObject({
      arrivals: {
        requests: [
          { offsetSeconds: 0, documents: 3 },
          { offsetSeconds: 2, documents: 4 },
        ],
      },
    })
  })

  test.each([
    [
      'day.jsonl',
      `${header}\n{"offsetSeconds":1,"documents":2,"group":"a"}\n{"offsetSeconds":2,"documents":3}\n`,
    ],
    ['day.csv', 'timestamp,documents,group\n1,2,a\n2,3,\n'],
  ])('%s says which requests belong to one batch', async (name, content) => {
    const { arrivals } = await readProfile(fileOf(name, content))
    expect(arrivals.kind === 'trace' && arrivals.requests).toEqual([
      { offsetSeconds: 0, queries: 1, documents: 2, group: 'a' },
      { offsetSeconds: 1, queries: 1, documents: 3 },
    ])
  })

  test('is found beside the YAML that names it, and takes shapes from there', async () => {
    fileOf('times.csv', 'timestamp\n1\n2\n')
    const yaml = (documents: string) =>
      fileOf('replay.yml', `name: replay\narrivals: {kind: trace, file: times.csv}\n${documents}`)
    expect(await readProfile(yaml('documents: [20]\n'))).toMatchObject({
      name: 'replay',
      shapes: { documents: [20] },
      arrivals: { requests: [{ offsetSeconds: 0 }, { offsetSeconds: 1 }] },
    })
    expect(await refusalOf(yaml(''))).toMatch(/^times\.csv has no column documents/)
  })

  test.each([
    ['a.jsonl', '', 'DIR/a.jsonl: holds no request.'],
    ['a.jsonl', header, 'DIR/a.jsonl: holds no request.'],
    [
      'a.jsonl',
      request(1),
      /^DIR\/a\.jsonl, line 1: the first line must be the header of a recording; schema: /,
    ],
    ['a.jsonl', `${header}\n{"offsetSeconds": 1}\n`, /^DIR\/a\.jsonl, line 2: documents: /],
    ['a.jsonl', `${header}\n{"offset`, 'DIR/a.jsonl, line 2: not a line of JSON.'],
    ['a.csv', '', 'DIR/a.csv: holds no request.'],
    ['a.csv', 'time,documents\n1,2\n', /^DIR\/a\.csv, line 1: the header has no column timestamp/],
    ['a.csv', 'timestamp,documents\nnoon,2\n', /^DIR\/a\.csv, line 2: timestamp must be seconds/],
    ['a.csv', 'timestamp,documents\n2026-11-22 15:04:05,2\n', /line 2: timestamp must be .* zone/],
    ['a.csv', 'timestamp,documents\n1,2.5\n', /line 2: documents must be a whole number from 1\.$/],
    ['a.csv', 'timestamp,documents\n1,\n', 'DIR/a.csv, line 2: documents is empty.'],
    ['a.csv', 'timestamp,documents\n1,2,3\n', /^DIR\/a\.csv: is no CSV: .* line 2\.$/],
    ['a.csv', 'timestamp,documents\n"1,2\n', /^DIR\/a\.csv: is no CSV: /],
  ])('%s that holds %j', async (name, text, message) => {
    expect(await refusalOf(fileOf(name, text))).toMatch(message)
  })
})
