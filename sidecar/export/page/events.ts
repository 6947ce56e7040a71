import type { ServerResponse } from 'node:http'

/** Each costs a connection and a page a beat; a wall of screens has fewer. */
export const maximumViewers = 16
/** What may wait for a viewer that does not read, beyond what the system's own buffers take. */
export const maximumBacklogBytes = 256 * 1024

/** Server-sent events to whoever has the page open. */
export class Viewers {
  readonly #open = new Set<ServerResponse>()

  get count(): number {
    return this.#open.size
  }

  get full(): boolean {
    return this.#open.size >= maximumViewers
  }

  /** Takes the response over; `first` is what a viewer gets before the next beat. */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>, first: string): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // A proxy in between must not wait until a page is full.
      'x-accel-buffering': 'no',
    })
    this.#open.add(response)
    response.once('close', () => this.#open.delete(response))
    response.write(`retry: 2000\n\n${first}`)
  }

  send(event: string): void {
    for (const response of this.#open) {
      // It would be told old things when it reads again; the page connects anew by itself.
      if (response.writableLength > maximumBacklogBytes) response.destroy()
      else response.write(event)
    }
  }

  /** Ends every stream, so that the server can stop. */
  end(): void {
    for (const response of this.#open) response.end()
  }
}

/** JSON has no line break of its own, so an event is one line of data. */
export function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
