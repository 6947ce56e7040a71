import { expect, test } from 'vitest'
import { parseTargetUrl } from '../../core/target-url.ts'

const basic = (credential: string) => ({ authorization: `Basic ${btoa(credential)}` })

test.each([
  ['http://h:8080', 'http://h:8080', '', {}],
  ['http://h:8080/rr//?a=1#b', 'http://h:8080/rr', '/rr', {}],
  ['http://[::1]:8080/', 'http://[::1]:8080', '', {}],
  ['https://me:p%40ss@h/rr', 'https://h/rr', '/rr', basic('me:p@ss')],
  // A percent sign that encodes nothing is part of the password.
  ['http://me:%zz@h', 'http://h', '', basic('me:%zz')],
  ['http://me@h', 'http://h', '', basic('me:')],
])('%s', (text, url, prefix, headers) => {
  expect(parseTargetUrl(text, '--target')).toEqual({
    url,
    origin: new URL(url).origin,
    prefix,
    headers,
  })
})
