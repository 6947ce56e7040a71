import { z } from 'zod'
import { wordsOf } from '../../../core/problems.ts'

const clientAuthTypes = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const
export type ClientAuthType = (typeof clientAuthTypes)[number]

const versions = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const
const curves = ['CurveP256', 'CurveP384', 'CurveP521', 'X25519'] as const

/** `$2a$`, `$2b$` or `$2y$`, the cost, 53 characters of salt and hash. */
const bcryptHash = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/

const tls = z.strictObject({
  cert_file: z.string().nullish(),
  key_file: z.string().nullish(),
  client_auth_type: z.enum(clientAuthTypes).default('NoClientCert'),
  client_ca_file: z.string().nullish(),
  client_allowed_sans: z.array(z.string()).nullish(),
  min_version: z.enum(versions).default('TLS12'),
  max_version: z.enum(versions).default('TLS13'),
  cipher_suites: z.array(z.string()).nullish(),
  prefer_server_cipher_suites: z.boolean().default(true),
  curve_preferences: z.array(z.enum(curves)).nullish(),
})
const http = z.strictObject({
  /** Read and not acted on: HTTP/1.1 is spoken whatever it says. */
  http2: z.boolean().optional(),
  headers: z
    .record(
      z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is no name of a header'),
      z.string().regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII'),
    )
    .nullish(),
})
const schema = z.strictObject({
  tls_server_config: tls.nullish(),
  http_server_config: http.nullish(),
  basic_auth_users: z
    .record(
      z.string(),
      z.string().regex(bcryptHash, 'must be a bcrypt hash, as htpasswd -nBC 10 prints it'),
    )
    .nullish(),
})

/** The web config file of Prometheus and its exporters, as far as its meaning is the same here. */
export type WebConfig = z.infer<typeof schema>
export type TlsConfig = z.infer<typeof tls>

/** Returns every problem at once, each as a sentence without a secret, or the config. */
export function parseWebConfig(
  given: unknown,
): { readonly config: WebConfig } | { readonly problems: readonly string[] } {
  // An empty file asks for nothing, as does an empty section.
  const parsed = schema.safeParse(given ?? {})
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(
        (issue) => `${issue.path.join('.') || 'the file'}: ${messageOf(issue)}`,
      ),
    }
  }
  const problems = contradictionsIn(parsed.data)
  return problems.length === 0 ? { config: parsed.data } : { problems }
}

/** A key's own issue names the key's fault inside, not what is wrong with the record. */
function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : wordsOf(issue)
}

function contradictionsIn({ tls_server_config: given }: WebConfig): readonly string[] {
  if (given === undefined || given === null) return []
  const { cert_file, key_file, client_ca_file, client_auth_type, client_allowed_sans } = given
  const verifies =
    client_auth_type === 'VerifyClientCertIfGiven' ||
    client_auth_type === 'RequireAndVerifyClientCert'
  const say = (wrong: boolean, sentence: string) =>
    wrong ? [`tls_server_config: ${sentence}`] : []
  return [
    ...say(!cert_file, 'cert_file is missing'),
    ...say(!key_file, 'key_file is missing'),
    ...say(
      verifies && !client_ca_file,
      `client_auth_type ${client_auth_type} needs client_ca_file`,
    ),
    ...say(
      !!client_ca_file && !verifies,
      'client_ca_file needs a client_auth_type that verifies, as RequireAndVerifyClientCert',
    ),
    ...say(
      !!client_allowed_sans?.length && !verifies,
      'client_allowed_sans needs a client_auth_type that verifies, as RequireAndVerifyClientCert',
    ),
    ...say(
      versions.indexOf(given.min_version) > versions.indexOf(given.max_version),
      `min_version ${given.min_version} is above max_version ${given.max_version}`,
    ),
  ]
}
