import type { Clock } from '../../../core/clock.ts'

/** How a hub is reached. */
export interface HubAccess {
  /** `https://huggingface.co` or a mirror of it. */
  readonly endpoint: URL
  /** Shown to the endpoint's host alone. */
  readonly token?: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

const mostRedirects = 5
/** How long the answer's headers may take, and later each next piece of its body. */
export const stallSeconds = 30

/** A connection that says nothing any more. */
export class StalledError extends Error {
  override readonly name = 'StalledError'
}

/**
 * `fetch` for a hub: the token goes to the endpoint's own host and to no other (hubs redirect to
 * storage elsewhere), redirects never lead from https to http, and a host that does not answer is
 * given up. Rejects as `fetch` does.
 */
export function hubFetch(access: HubAccess): typeof fetch {
  return async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input)
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const headers = new Headers(init?.headers)
      headers.delete('authorization')
      if (access.token !== undefined && url.origin === access.endpoint.origin) {
        headers.set('authorization', `Bearer ${access.token}`)
      }
      const response = await answer(access, url, { ...init, headers, redirect: 'manual' })
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || location === null) return response
      await response.body?.cancel()
      const next = new URL(location, url)
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw new Error('it redirects from https to http')
      }
      url = next
    }
    throw new Error('it redirects in circles')
  }
}

async function answer(
  { clock, signal }: HubAccess,
  url: URL,
  init: RequestInit,
): Promise<Response> {
  const stop = new AbortController()
  const done = new AbortController()
  const quiet = clock.sleep(stallSeconds, done.signal).then(() => {
    if (!done.signal.aborted) stop.abort(new StalledError('it does not answer'))
  })
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any([signal, stop.signal]) })
  } finally {
    done.abort()
    await quiet
  }
}
