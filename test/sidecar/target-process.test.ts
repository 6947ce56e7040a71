import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { targetProcessOf } from '../../sidecar/target-process.ts'

const proc = mkdtempSync(join(tmpdir(), 'rerankscope-proc-'))
afterAll(() => {
  rmSync(proc, { recursive: true })
})

function process_(
  pid: string,
  about: { parent?: number; cgroup: string; environ?: string; sockets?: readonly string[] },
) {
  mkdirSync(join(proc, pid, 'fd'), { recursive: true })
  writeFileSync(join(proc, pid, 'stat'), `${pid} (a (b) c) S ${String(about.parent ?? 1)} 1 1 0`)
  writeFileSync(join(proc, pid, 'cgroup'), about.cgroup)
  writeFileSync(join(proc, pid, 'environ'), about.environ ?? '')
  for (const [at, inode] of (about.sockets ?? []).entries()) {
    symlinkSync(`socket:[${inode}]`, join(proc, pid, 'fd', String(at)))
  }
}

mkdirSync(join(proc, 'net'))
writeFileSync(
  join(proc, 'net', 'tcp'),
  `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 501 1
   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 502 1
   2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 503 1
   3: 00000000:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 504 1
`,
)
const environ = (...entries: readonly string[]) => entries.map((each) => `${each}\0`).join('')
process_('self', { cgroup: '0::/sidecar' })
process_('10', { cgroup: '0::/sidecar', sockets: ['502'] })
process_('20', {
  cgroup: '0::/server',
  environ: environ('HOME=/', 'NVIDIA_VISIBLE_DEVICES=GPU-abcd, GPU-ef', 'CUDA_VISIBLE_DEVICES=0'),
  sockets: ['7', '501'],
})
process_('21', { cgroup: '0::/server' })
process_('22', { cgroup: '0::/server/worker', parent: 23 })
process_('23', { cgroup: '0::/server/worker', parent: 20 })
process_('30', {
  cgroup: '0::/sidecar',
  environ: environ('NVIDIA_VISIBLE_DEVICES=all', 'CUDA_VISIBLE_DEVICES=1'),
  sockets: ['503'],
})
process_('31', { cgroup: '0::/sidecar', parent: 30 })

test('the listener, its container, what it started, and the GPUs that it was given', async () => {
  const found = await targetProcessOf('http://127.0.0.1:8080', proc)
  expect(found?.devices).toEqual(['GPU-abcd', 'GPU-ef'])
  expect([...(found?.pids ?? [])].sort()).toEqual([20, 21, 22, 23])
})

test('without a container of its own: what it started alone, and what CUDA was told', async () => {
  expect(await targetProcessOf('http://localhost:8081', proc)).toEqual({
    pids: [30, 31],
    devices: ['1'],
  })
})

test.each([
  ['nobody listens there', 'http://127.0.0.1:9'],
  ['its process is in another namespace', 'http://127.0.0.1:8082'],
  ['it is on another host', 'http://reranker:8080'],
])('%s: nothing is known', async (_, url) => {
  expect(await targetProcessOf(url, proc)).toBeUndefined()
})

test('finds a server of this machine by its port', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const found = await targetProcessOf(`http://127.0.0.1:${String(port)}`)
  server.close()
  if (process.platform === 'linux') expect(found?.pids).toContain(process.pid)
  else expect(found).toBeUndefined()
})
