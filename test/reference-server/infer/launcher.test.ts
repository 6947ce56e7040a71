import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock, within } from '../../../core/clock.ts'
import { InferenceProcess } from '../../../reference-server/infer/launcher.ts'
import { loadModel } from '../../../reference-server/model/registry.ts'

test('a stop does not wait for a model that is being loaded again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-launcher-'))
  const path = join(folder, 'model.onnx')
  const { graph } = loadModel('embedded')
  writeFileSync(path, 'bytes' in graph ? graph.bytes : '')
  const lines: string[] = []
  const inference = await InferenceProcess.start({
    setup: { graph: { path }, device: { kind: 'cpu' }, threads: 1, paddingId: 0, documentType: 1 },
    clock: systemClock,
    log: (line) => lines.push(line),
    onDeath: () => undefined,
  })
  try {
    // Whoever opens it waits for a writer: a disk, or a driver, that does not answer.
    rmSync(path)
    execFileSync('mkfifo', [path])
    process.kill(inference.processId!, 'SIGKILL')
    await expect.poll(() => inference.restarts, { timeout: 10_000 }).toBe(1)
    expect(await within(systemClock, 15, inference.stop())).toBe(true)
    expect(lines).toEqual(['The inference process died (SIGKILL); it is being started again.'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
