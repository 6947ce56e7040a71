import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodes } from '../../core/errors.ts'
import { readApiKey } from '../../loadgen/api-key.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-key-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const fileOf = (content: string | Buffer) => {
  const path = join(folder, 'key')
  writeFileSync(path, content)
  return path
}
const unset = { name: 'THE_KEY', value: undefined }

test('from the file, else from the environment, else none', async () => {
  const set = { name: 'THE_KEY', value: 'from-environment' }
  expect(await readApiKey(fileOf('\uFEFFsk-123\r\n'), set)).toBe('sk-123')
  expect(await readApiKey(undefined, set)).toBe('from-environment')
  expect(await readApiKey(undefined, unset)).toBeUndefined()
  expect(await readApiKey(undefined, { ...set, value: '' })).toBeUndefined()
})

test.each<readonly [string, string | Buffer, RegExp]>([
  [
    'nothing',
    ' \n',
    /^--api-key-file DIR\/key is empty: put the key into it, alone on one line\.$/,
  ],
  ['two lines', 's3cret\ns3cret2\n', /^--api-key-file DIR\/key holds several lines: /],
  ['a space', 'Bearer s3cret', /^--api-key-file DIR\/key holds a character that no key has/],
  ['Chinese', '密钥s3cret', /^--api-key-file DIR\/key holds a character that no key has/],
  ['binary', Buffer.from([0, 1, 2, 255]), /^--api-key-file DIR\/key holds a character that no key/],
  ['a large file', 's3cret'.repeat(2000), /^--api-key-file DIR\/key cannot be used: it holds more/],
])('a key file with %s gets one clear error without the key', async (_, content, message) => {
  const error: unknown = await readApiKey(fileOf(content), unset).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'UserError', exitCode: exitCodes.usage })
  const text = (error as Error).message.replaceAll(folder, 'DIR')
  expect(text).toMatch(message)
  expect(text).not.toContain('s3cret')
})

test('a key file that is not there, that is a folder; a variable that holds no key', async () => {
  await expect(readApiKey(join(folder, 'none'), unset)).rejects.toThrow(
    /cannot be used: there is no such file/,
  )
  await expect(readApiKey(folder, unset)).rejects.toThrow(/cannot be used: it is a folder/)
  await expect(readApiKey(undefined, { name: 'THE_KEY', value: 'a b' })).rejects.toThrow(
    /^THE_KEY holds a character that no key has/,
  )
})
