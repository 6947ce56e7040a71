import { usageError } from './errors.ts'

/** A server as the user names it, its credential taken out. */
export interface TargetUrl {
  /** For people and files: without credential, query and fragment. */
  readonly url: string
  readonly origin: string
  /** `''` or `/prefix`. */
  readonly prefix: string
  /** To be sent: holds the credential, if any. */
  readonly headers: Readonly<Record<string, string>>
}

/** @throws UserError (usage) when `text` is not an http or https URL. */
export function parseTargetUrl(text: string, option: string): TargetUrl {
  if (!URL.canParse(text)) {
    throw usageError(`${option} must be a URL such as http://127.0.0.1:8080.`)
  }
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw usageError(`${option} must start with http:// or https://, not ${url.protocol}//.`)
  }
  const prefix = url.pathname.replace(/\/+$/, '')
  const credential = `${decoded(url.username)}:${decoded(url.password)}`
  return {
    url: url.origin + prefix,
    origin: url.origin,
    prefix,
    headers:
      credential === ':'
        ? {}
        : { authorization: `Basic ${Buffer.from(credential).toString('base64')}` },
  }
}

/** A `%` that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
