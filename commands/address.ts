import { usageError } from '../core/errors.ts'

/** Where `--option 127.0.0.1:9464` or `[::1]:9464` wants to listen. Throws a `UserError` (usage) for anything else. */
export function addressOf(
  option: string,
  text: string,
): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) {
    throw usageError(`--${option} must be HOST:PORT, as in 127.0.0.1:9464, not ${text}.`)
  }
  return { host, port }
}
