/** Far more than any server says of itself; what sends more would fill our memory. */
const maximumBytes = 4 * 1024 * 1024

interface Asking {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string | undefined
}

/** A GET. `text` is undefined when the answer is too large to be what was asked for. */
export function getText(url: string, { headers, signal }: Asking): Promise<Told> {
  return fetchText(url, { headers, signal })
}

/** A POST of JSON, likewise. */
export function postText(url: string, body: string, { headers, signal }: Asking): Promise<Told> {
  const typed = { 'content-type': 'application/json', ...headers }
  return fetchText(url, { method: 'POST', body, headers: typed, signal })
}

async function fetchText(url: string, init: RequestInit): Promise<Told> {
  const response = await fetch(url, init)
  const { status } = response
  const headers = Object.fromEntries(response.headers)
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    // Leaving the loop closes the connection.
    if (bytes > maximumBytes) return { status, headers, text: undefined }
    pieces.push(piece)
  }
  return { status, headers, text: Buffer.concat(pieces).toString('utf8') }
}
