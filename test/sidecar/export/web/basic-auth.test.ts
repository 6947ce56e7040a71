import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import { BasicAuth } from '../../../../sidecar/export/web/basic-auth.ts'

const header = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** The lowest cost that bcrypt has: a test need not take long. */
const users = { alice: hashSync('open: sesame', 4), bob: hashSync('clé', 5) }

test.each([
  [header('alice', 'open: sesame'), 'admitted'],
  [header('bob', 'clé'), 'admitted'],
  [header('alice', 'open: sesam'), 'refused'],
  [header('alice', ''), 'refused'],
  [header('bob', 'open: sesame'), 'refused'],
  [header('mallory', 'open: sesame'), 'refused'],
  // The dearest hash stands in for users who are not there: its password must not let them in.
  [header('mallory', 'clé'), 'refused'],
  [header('__proto__', 'clé'), 'refused'],
  [undefined, 'refused'],
  ['', 'refused'],
  ['Basic', 'refused'],
  ['Basic !!!', 'refused'],
  [`Basic ${Buffer.from('alice').toString('base64')}`, 'refused'],
  [`Bearer ${header('alice', 'open: sesame')}`, 'refused'],
])('%s is %s', async (authorization, admission) => {
  expect(await new BasicAuth(users).admit(authorization)).toBe(admission)
})

/** Counts what is checked, and lets a test say when it is done. */
function counted() {
  const checked: string[] = []
  const waiting: ((right: boolean) => void)[] = []
  const auth = new BasicAuth(users, (_, hash) => {
    checked.push(hash)
    return new Promise((resolve) => waiting.push(resolve))
  })
  return { auth, checked, waiting }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('an unknown user costs a check as dear as the dearest known one', async () => {
  const { auth, checked, waiting } = counted()
  const admission = auth.admit(header('mallory', 'x'))
  await settle()
  expect(checked).toEqual([users.bob])
  waiting[0]?.(true)
  expect(await admission).toBe('refused')
})

test('the same check is made once, right or wrong; checks wait for each other; too many are refused', async () => {
  const { auth, checked, waiting } = counted()
  const admissions = Array.from({ length: 45 }, (_, at) =>
    auth.admit(header('alice', `guess ${String(Math.floor(at / 2))}`)),
  )
  await settle()
  expect(checked).toHaveLength(1)
  waiting[0]?.(false)
  expect(await admissions[0]).toBe('refused')
  expect(await admissions[1]).toBe('refused')
  await settle()
  expect(checked).toHaveLength(2)
  expect(await auth.admit(header('alice', 'guess 0'))).toBe('refused')
  expect(checked).toHaveLength(2)
  const { auth: crowded } = counted()
  const many = Array.from({ length: 41 }, (_, at) => crowded.admit(header('alice', String(at))))
  expect(await many[40]).toBe('busy')
})
