import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  createSecureContext,
  getCiphers,
  type SecureVersion,
  type TlsOptions,
  type TLSSocket,
} from 'node:tls'
import { messageOf } from '../../../core/errors.ts'
import type { ClientAuthType, TlsConfig } from './config.ts'

const versionNames = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const satisfies Record<string, SecureVersion>

const curveNames = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
} as const

const demands = {
  NoClientCert: { requestCert: false, rejectUnauthorized: false },
  RequestClientCert: { requestCert: true, rejectUnauthorized: false },
  RequireAnyClientCert: { requestCert: true, rejectUnauthorized: false },
  VerifyClientCertIfGiven: { requestCert: true, rejectUnauthorized: false },
  RequireAndVerifyClientCert: { requestCert: true, rejectUnauthorized: true },
} as const satisfies Record<ClientAuthType, TlsOptions>

/**
 * The options of a server, its files read. Throws an `Error` that says in words which file or which
 * name is wrong. `folder` is where relative paths begin: that of the web config file.
 */
export function tlsOptionsOf(config: TlsConfig, folder: string): TlsOptions {
  const read = (key: 'cert_file' | 'key_file' | 'client_ca_file') => {
    const path = config[key] ?? ''
    try {
      return readFileSync(resolve(folder, path))
    } catch (error) {
      throw new Error(`${key} ${path} cannot be read: ${messageOf(error)}`, { cause: error })
    }
  }
  const options: TlsOptions = {
    ...demands[config.client_auth_type],
    cert: read('cert_file'),
    key: read('key_file'),
    ...(config.client_ca_file ? { ca: read('client_ca_file') } : {}),
    minVersion: versionNames[config.min_version],
    maxVersion: versionNames[config.max_version],
    honorCipherOrder: config.prefer_server_cipher_suites,
    ...(config.cipher_suites?.length
      ? { ciphers: config.cipher_suites.map(cipherNamed).join(':') }
      : {}),
    ...(config.curve_preferences?.length
      ? { ecdhCurve: config.curve_preferences.map((name) => curveNames[name]).join(':') }
      : {}),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new Error(
      `cert_file, key_file and what stands beside them do not make a server: ${messageOf(error)}`,
      { cause: error },
    )
  }
  return options
}

/** Go's name of a cipher suite, which the file has, as OpenSSL's. */
function cipherNamed(name: string): string {
  // The suites of TLS 1.3 have the same name in both.
  const opensslName = getCiphers().includes(name.toLowerCase())
    ? name
    : name
        .replace(/^TLS_/, '')
        .replace('RSA_WITH_', 'RSA_')
        .replace('ECDSA_WITH_', 'ECDSA_')
        .replace(/^RSA_/, '')
        .replace(/AES_(\d+)_/, 'AES$1_')
        .replace('_CBC_', '_')
        .replace('CHACHA20_POLY1305_SHA256', 'CHACHA20_POLY1305')
        .replaceAll('_', '-')
  if (getCiphers().includes(opensslName.toLowerCase())) return opensslName
  throw new Error(`cipher_suites: ${name} is none that this Node.js has`)
}

/** Whether a caller may come in, by what its certificate says; for what Node.js does not decide itself. */
export function admits(socket: TLSSocket, config: TlsConfig): boolean {
  const certificate = socket.getPeerX509Certificate()
  switch (config.client_auth_type) {
    case 'NoClientCert':
    case 'RequestClientCert':
      return true
    case 'RequireAnyClientCert':
      return certificate !== undefined
    case 'VerifyClientCertIfGiven':
      if (certificate === undefined) return true
      return socket.authorized && isAllowed(certificate.subjectAltName, config)
    case 'RequireAndVerifyClientCert':
      return socket.authorized && isAllowed(certificate?.subjectAltName, config)
  }
}

/** `DNS:a.example, URI:spiffe://b`; Node.js quotes a name that could be taken for two, so it matches none. */
function isAllowed(names: string | undefined, { client_allowed_sans }: TlsConfig): boolean {
  if (!client_allowed_sans?.length) return true
  return (names ?? '')
    .split(', ')
    .map((name) => name.replace(/^[^:]*:/, ''))
    .some((name) => client_allowed_sans.includes(name))
}
