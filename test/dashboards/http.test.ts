import { expect, test } from 'vitest'
import { parseTargetUrl } from '../../core/target-url.ts'
import { ask } from '../../dashboards/http.ts'
import { loopback } from './loopback.ts'

test('who does not answer in time is left', async () => {
  const server = await loopback(() => undefined)
  try {
    const service = {
      ...{ name: 'Grafana', headers: {}, timeoutSeconds: 0.05 },
      server: parseTargetUrl(server.url, '--grafana-url'),
    }
    await expect(ask(service, '/api/health', {})).rejects.toThrow(
      `Grafana at ${server.url} did not answer /api/health within 0.05 s.`,
    )
    const stop = AbortSignal.abort()
    await expect(ask(service, '/api/health', { signal: stop })).rejects.toThrow(
      'Interrupted before it was done.',
    )
  } finally {
    await server.close()
  }
})
