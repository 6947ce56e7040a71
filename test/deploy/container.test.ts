import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertDefaults } from '../../alerts/index.ts'
import { parseCommandLine } from '../../commands/parser.ts'
import { formats } from '../../dashboards/index.ts'

const root = resolve(import.meta.dirname, '../..')
const containerfile = readFileSync(join(root, 'deploy/container/Containerfile'), 'utf8')
const removed = [
  ...(/RUN rm -rf([^#]*?)\n\n/.exec(containerfile)?.[1] ?? '').matchAll(/[\w@/.-]+/g),
].map(([path]) => path)
const image = mkdtempSync(join(tmpdir(), 'rerankscope-image-'))
afterAll(() => {
  rmSync(image, { recursive: true })
})

/** What the image holds, its packages linked instead of copied. */
function build(): void {
  cpSync(join(root, 'dist'), join(image, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(image, 'package.json'))
  const link = (name: string) => {
    symlinkSync(join(root, 'node_modules', name), join(image, 'node_modules', name))
  }
  mkdirSync(join(image, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || removed.includes(`node_modules/${name}`)) continue
    link(name)
  }
  for (const path of removed.filter((each) => each.startsWith('dist/'))) {
    rmSync(join(image, path), { recursive: true })
  }
}

test('the sidecar runs without what the image leaves out, proxy, push and passwords included', async () => {
  build()
  expect(removed).toContain('node_modules/onnxruntime-node')
  writeFileSync(join(image, 'web.yml'), 'basic_auth_users: {}\n')
  const options = [
    ...['--target', 'http://127.0.0.1:1', '--gpu', 'none', '--listen', '127.0.0.1:0', '--json'],
    ...['--proxy', '127.0.0.1:0', '--otlp', 'http://127.0.0.1:1', '--web-config', 'web.yml'],
  ]
  // The links would otherwise be followed to where nothing is left out.
  const child = spawn(
    process.execPath,
    ['--preserve-symlinks', '--preserve-symlinks-main', 'dist/cli.js', 'sidecar', ...options],
    { cwd: image, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exit = once(child, 'exit')
  const line = (await Promise.race([once(createInterface(child.stdout), 'line'), exit])) as [
    unknown,
  ]
  expect(said).not.toContain('ERR_MODULE_NOT_FOUND')
  const { url } = JSON.parse(String(line[0])) as { url: string }
  const page = await (await fetch(`${url}/metrics`)).text()
  expect(page).toContain('rerankscope_source_up{source="proxy"} 1')
  child.kill('SIGTERM')
  expect((await exit)[0]).toBe(0)
})

test('the image is glibc, not root, and starts the sidecar', () => {
  const last = containerfile.slice(containerfile.lastIndexOf('\nFROM '))
  expect(last).toMatch(/FROM node:20-bookworm-slim/)
  expect(last).toContain('USER 65532:65532')
  expect(last).toContain('ENTRYPOINT ["node", "dist/cli.js", "sidecar"]')
})

test('the compose example starts a sidecar with options that it has, and reads rules that are there', async () => {
  const compose = parse(readFileSync(join(root, 'deploy/compose/compose.yaml'), 'utf8')) as {
    services: Record<string, { command?: string[]; volumes?: string[]; read_only?: boolean }>
  }
  const words = compose.services.sidecar?.command ?? []
  const parsed = await parseCommandLine(['sidecar', ...words], { version: '0', columns: 80 })
  expect(parsed?.command.usage).toBe('sidecar')
  expect(compose.services.sidecar?.read_only).toBe(true)
  const prometheus = parse(readFileSync(join(root, 'deploy/compose/prometheus.yaml'), 'utf8')) as {
    rule_files: string[]
    scrape_configs: { job_name: string }[]
  }
  // The rules look for their series under this job alone.
  expect(prometheus.scrape_configs.map(({ job_name }) => job_name)).toEqual([alertDefaults.job])
  for (const file of prometheus.rule_files) {
    const name = file.replace('/etc/prometheus/rerankscope/', '')
    expect(readdirSync(join(root, 'alerts/generated'))).toContain(name)
  }
})

test('the compose example mounts what is there, and provisions Grafana as the export does', () => {
  const folder = join(root, 'deploy/compose')
  const compose = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8')) as {
    services: Record<string, { volumes?: string[] }>
  }
  const mounted = Object.values(compose.services)
    .flatMap(({ volumes }) => volumes ?? [])
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((path) => path.startsWith('.'))
  expect(mounted).toContain('../../dashboards/generated')
  expect(mounted.filter((path) => !existsSync(join(folder, path)))).toEqual([])
  const files = new Map(
    formats
      .find(({ name }) => name === 'provisioning')
      ?.files([], {
        folder: 'rerankscope',
        prometheusUrl: 'http://prometheus:9090',
        scrapeSeconds: 15,
      }),
  )
  for (const kind of ['dashboards', 'datasources']) {
    expect(readFileSync(join(folder, `grafana/${kind}.yaml`), 'utf8')).toBe(
      files.get(`${kind}/rerankscope.yaml`),
    )
  }
})

test('the systemd unit runs a command that there is, under limits', () => {
  const unit = readFileSync(join(root, 'deploy/systemd/rerankscope-sidecar.service'), 'utf8')
  expect(unit).toContain('ExecStart=/usr/bin/env rerankscope sidecar\n')
  expect(unit).toContain('MemoryMax=192M')
  expect(unit).toContain('DynamicUser=true')
})
