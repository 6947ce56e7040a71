import { expect, test } from 'vitest'
import { parseWebConfig } from '../../../../sidecar/export/web/config.ts'

/** `htpasswd -nBC 10`'s form; of no password. */
const hash = '$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234'

test.each([[undefined], [null], [{}], [{ tls_server_config: null, basic_auth_users: null }]])(
  '%j asks for nothing',
  (given) => {
    expect(parseWebConfig(given)).toHaveProperty('config')
  },
)

test('what Prometheus documents is read, its defaults included', () => {
  const given = {
    tls_server_config: { cert_file: 'a.pem', key_file: 'a.key' },
    http_server_config: { http2: true, headers: { 'Strict-Transport-Security': 'max-age=1' } },
    basic_auth_users: { alice: hash },
  }
  expect(parseWebConfig(given)).toEqual({
    config: {
      ...given,
      tls_server_config: {
        cert_file: 'a.pem',
        key_file: 'a.key',
        client_auth_type: 'NoClientCert',
        min_version: 'TLS12',
        max_version: 'TLS13',
        prefer_server_cipher_suites: true,
      },
    },
  })
})

const tls = { cert_file: 'a', key_file: 'b' }

test.each([
  ['nonsense', /^the file: must be a mapping of keys to values$/],
  [{ tls_server_configs: {} }, /^the file: tls_server_configs is not known here$/],
  [{ tls_server_config: {} }, /cert_file is missing.*key_file is missing/],
  [{ tls_server_config: { cert_file: 'a' } }, /^tls_server_config: key_file is missing$/],
  [
    { tls_server_config: { ...tls, client_auth_type: 'Always' } },
    /client_auth_type: must be one of .*RequireAndVerifyClientCert/,
  ],
  [
    { tls_server_config: { ...tls, client_auth_type: 'RequireAndVerifyClientCert' } },
    /^tls_server_config: client_auth_type RequireAndVerifyClientCert needs client_ca_file$/,
  ],
  [
    { tls_server_config: { ...tls, client_ca_file: 'c' } },
    /client_ca_file needs a client_auth_type that verifies/,
  ],
  [
    { tls_server_config: { ...tls, client_allowed_sans: ['a'] } },
    /client_allowed_sans needs a client_auth_type that verifies/,
  ],
  [
    { tls_server_config: { ...tls, min_version: 'TLS13', max_version: 'TLS12' } },
    /min_version TLS13 is above max_version TLS12/,
  ],
  [{ basic_auth_users: { alice: 'hunter2' } }, /^basic_auth_users\.alice: must be a bcrypt hash/],
  [{ basic_auth_users: { alice: 5 } }, /^basic_auth_users\.alice: /],
  [{ http_server_config: { headers: { 'a b': 'c' } } }, /headers\.a b: is no name of a header/],
  [
    { http_server_config: { headers: { a: 'b\r\nset-cookie: c' } } },
    /headers\.a: must be printable ASCII/,
  ],
])('%j is told in words', (given, sentence) => {
  const result = parseWebConfig(given)
  const said = 'problems' in result ? result.problems.join('; ') : 'no problem'
  expect(said).toMatch(sentence)
  expect(said).not.toContain('hunter2')
})
