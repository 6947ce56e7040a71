/** Far more than any server says of itself; what sends more would fill our memory. */
const maximumBytes = 4 * 1024 * 1024

/** A GET. `text` is undefined when the answer is too large to be what was asked for. */
export async function getText(
  url: string,
  { headers, signal }: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<{ readonly status: number; readonly text: string | undefined }> {
  const response = await fetch(url, { headers, signal })
  const { status } = response
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    // Leaving the loop closes the connection.
    if (bytes > maximumBytes) return { status, text: undefined }
    pieces.push(piece)
  }
  return { status, text: Buffer.concat(pieces).toString('utf8') }
}
