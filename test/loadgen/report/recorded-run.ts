import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runLoad, type Run } from '../../../loadgen/index.ts'
import { FakeSidecar } from '../fake-sidecar.ts'
import { FixtureServer } from '../fixture-server.ts'

export interface RecordedRun {
  readonly folder: string
  readonly run: Run
  remove(): void
}

/** A short real run: one request of fifteen is refused, and the model's name would break a careless page. */
export async function recordRun(): Promise<RecordedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-report-'))
  const sidecar = await FakeSidecar.start(0.7)
  const model = '</script><img src=x onerror=alert(1)>'
  const server = await FixtureServer.start({
    latencySeconds: 0.03,
    info: { status: 200, body: JSON.stringify({ model_id: model }) },
    behaviourOf: (request) => (request === 12 ? 'overloaded' : 'answer'),
  })
  const run = await runLoad(
    { target: server.url, sidecar: sidecar.url, profile: 'low', seconds: 3, out: folder },
    { signal: new AbortController().signal },
  )
  await server.stop()
  await sidecar.stop()
  return {
    folder,
    run,
    remove: () => {
      rmSync(folder, { recursive: true })
    },
  }
}
