import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { policy } from '../../../core/policy.ts'
import type { Snapshot } from '../../../core/snapshot.ts'
import { startSidecar, type Sidecar } from '../../../sidecar/index.ts'
import { nvidiaSmi } from '../../../sidecar/sources/nvidia-smi.ts'

const program = fileURLToPath(new URL('../../fixtures/bin/nvidia-smi', import.meta.url))
const intervalSeconds = 0.25
const waiting = { timeout: 12_000, interval: 20 }

let folder: string
let control: string
let sidecar: Sidecar | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-smi-'))
  control = join(folder, 'control')
})
afterEach(async () => {
  await sidecar?.stop()
  sidecar = undefined
  await vi.waitFor(() => {
    expect(pids().filter(isAlive)).toEqual([])
  }, waiting)
  rmSync(folder, { recursive: true })
})

const play = (scenario: string) => {
  writeFileSync(control, scenario)
}
const pids = () =>
  existsSync(`${control}.pids`)
    ? readFileSync(`${control}.pids`, 'utf8').trim().split('\n').map(Number)
    : []

/** A zombie is dead: it only waits to be counted. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function start(
  scenario: string,
  nvidiaSmi = program,
  seconds = intervalSeconds,
  inventorySeconds = 0,
): Promise<Sidecar> {
  play(scenario)
  sidecar = await startSidecar(
    {
      target: undefined,
      server: 'none',
      gpu: 'nvidia-smi',
      listen: { host: '127.0.0.1', port: 0 },
      intervalSeconds: seconds,
      inventorySeconds,
      policy,
      otlp: undefined,
      web: undefined,
      nvidiaSmi,
      environment: environment(),
      version: '0',
      onTrouble: () => undefined,
    },
    systemClock,
  )
  return sidecar
}

const environment = () => ({
  ...process.env,
  FAKE_NVIDIA_SMI: control,
  PATH: [dirname(program), process.env['PATH']].join(delimiter),
})

/** The sidecar as a program of its own, whose end the test decides. */
async function startProgram(args: readonly string[]) {
  const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))
  const command = [cli, 'sidecar', '--listen', '127.0.0.1:0', '--json', ...args]
  const child = spawn(process.execPath, command, { env: environment(), stdio: 'pipe' })
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  return { child, url: (JSON.parse(line) as { url: string }).url }
}

async function status(): Promise<Snapshot> {
  return (await (await fetch(`${sidecar?.url ?? ''}/status`)).json()) as Snapshot
}

const waitFor = (check: (snapshot: Snapshot) => void) =>
  vi.waitFor(async () => {
    check(await status())
  }, waiting)

const waitForBoth = () =>
  waitFor(({ gpus }) => {
    expect(gpus.map(({ up }) => up)).toEqual([true, true])
  })

/** Every number of a GPU is gone, `/metrics` answers, and the source says why. */
async function expectGone(reason: RegExp) {
  const { gpus, sources } = await status()
  expect(gpus.map(({ up }) => up)).toEqual(gpus.map(() => false))
  expect(sources[0]?.up).toBe(false)
  expect(sources[0]?.reason).toMatch(reason)
  const response = await fetch(`${sidecar?.url ?? ''}/metrics`)
  const text = await response.text()
  expect(response.status).toBe(200)
  expect(text).toContain('rerankscope_source_up{source="nvidia-smi"} 0\n')
  expect(text).not.toMatch(/^(nvidia_smi_|rerankscope_gpu_(utilization_ratio|memory|power))/m)
}

test('shows the GPUs of a working driver, found by its name on PATH', async () => {
  await start('normal', 'nvidia-smi')
  await waitForBoth()
  const { gpus, sources } = await status()
  expect(gpus.map(({ sample }) => sample)).toMatchObject([
    {
      uuid: 'GPU-fake-0',
      utilizationRatio: 0.3,
      memoryUsedBytes: 2_147_483_648,
      powerWatts: 100.5,
    },
    {
      uuid: 'GPU-fake-1',
      utilizationRatio: 0.7,
      memoryUsedBytes: 3_221_225_472,
      powerWatts: 125.5,
    },
  ])
  expect(sources[0]).toMatchObject({ name: 'nvidia-smi', up: true, restarts: 0, droppedLines: 0 })
})

test('an old driver is asked by its old names', async () => {
  await start('old')
  await waitForBoth()
  expect((await status()).gpus[0]?.sample).toMatchObject({ powerWatts: 100.5, throttled: true })
})

describe('a fault while it runs: values disappear within three intervals, and come back', () => {
  test.each([
    ['hang', /^no reading within 750 ms$/],
    ['stubborn', /^no reading within 750 ms$/],
    ['wrapper', /^no reading within 750 ms$/],
    ['half', /^no reading within 750 ms$/],
    ['long', /^no reading within 750 ms/],
    ['flood', /printed more than 10000 lines at once/],
    ['rubbish', /^no reading within 750 ms; nvidia-smi printed "%%% {2}\[31mno row at all \[0m"$/],
    ['die', /exited with 15: a GPU has fallen off the bus.*GPU0000:3B:00\.0/],
  ])('%s', async (scenario, reason) => {
    await start('normal')
    await waitForBoth()
    play(scenario)
    const { takenAtSeconds } = await status()
    await waitFor(({ gpus }) => {
      expect(gpus.map(({ up }) => up)).toEqual([false, false])
    })
    // The last good row may come one interval after the order to fail; then three intervals.
    const lasted = (await status()).takenAtSeconds - takenAtSeconds
    expect(lasted).toBeLessThan(4 * intervalSeconds + 0.5)
    await vi.waitFor(() => expectGone(reason), waiting)
    play('normal')
    await waitForBoth()
    const { sources } = await status()
    expect(sources[0]?.restarts).toBeGreaterThanOrEqual(1)
  })
})

test('one lost GPU is down with its state, the other goes on, the source is up', async () => {
  await start('normal')
  await waitForBoth()
  play('lost')
  await waitFor(({ gpus, sources }) => {
    expect(gpus.map(({ up, sample }) => [sample.uuid, up, sample.state])).toEqual([
      ['GPU-fake-0', true, 'ok'],
      ['GPU-fake-1', false, 'lost'],
    ])
    expect(gpus[1]?.sample.memoryUsedBytes).toBeUndefined()
    expect(sources[0]?.up).toBe(true)
  })
  play('normal')
  await waitForBoth()
})

test('a GPU that is lost keeps its identity when nvidia-smi is started again', async () => {
  await start('normal')
  await waitForBoth()
  play('die')
  await waitFor(({ sources }) => {
    expect(sources[0]?.up).toBe(false)
  })
  play('lost')
  await waitFor(({ gpus }) => {
    expect(gpus.map(({ sample }) => [sample.uuid, sample.state])).toEqual([
      ['GPU-fake-0', 'ok'],
      ['GPU-fake-1', 'lost'],
    ])
  })
})

test('a GPU that is no longer listed has vanished', async () => {
  await start('normal')
  await waitForBoth()
  play('gpus:1')
  await waitFor(({ gpus }) => {
    expect(gpus.map(({ up, sample }) => [up, sample.state])).toEqual([
      [true, 'ok'],
      [false, 'vanished'],
    ])
  })
})

test('MIG: utilisation is not measurable, which is not 0; the rest is told', async () => {
  await start('mig')
  await waitForBoth()
  const { gpus, guidance } = await status()
  expect(gpus[0]?.sample).toMatchObject({ utilizationMeasurable: false, powerWatts: 100.5 })
  expect(gpus[0]?.sample.utilizationRatio).toBeUndefined()
  expect(guidance.state).toBe('unmeasurable')
})

test('where the loop keeps its rows in a buffer, one run an interval reads them', async () => {
  play('buffered')
  const source = nvidiaSmi.create(
    {
      clock: systemClock,
      intervalSeconds: 0.25,
      target: undefined,
      nvidiaSmi: program,
      environment: environment(),
    },
    '',
  )
  const { signal } = new AbortController()
  const loop = await source.open(signal)
  // What the poll loop does when no reading came in time; by then the program has long been started.
  await systemClock.sleep(0.5)
  loop.close()
  const runs = await vi.waitFor(() => source.open(signal), waiting)
  try {
    for (let reading = 0; reading < 2; reading += 1) {
      const samples = await runs.read(signal)
      expect(samples.map(({ utilizationRatio }) => utilizationRatio)).toEqual([0.3, 0.7])
    }
  } finally {
    runs.close()
  }
})

test('event lines between rows are left out and counted', async () => {
  await start('events')
  await waitForBoth()
  await waitFor(({ sources }) => {
    expect(sources[0]?.droppedLines).toBeGreaterThanOrEqual(4)
    expect(sources[0]?.up).toBe(true)
  })
})

test('64 GPUs, each with its own figures', async () => {
  await start('gpus:64')
  await waitFor(({ gpus }) => {
    expect(gpus).toHaveLength(64)
    expect(gpus.map(({ up }) => up)).toEqual(gpus.map(() => true))
  })
  const { gpus } = await status()
  expect(gpus.map(({ sample }) => sample.memoryUsedBytes)).toEqual(
    gpus.map((_, gpu) =>
      2048 + 1024 * gpu > 24_564 ? undefined : (2048 + 1024 * gpu) * 1024 ** 2,
    ),
  )
})

test.each([
  ['renamed', { utilizationRatio: 0.3, memoryUsedBytes: 2_147_483_648, powerWatts: 100.5 }],
  ['unit', { utilizationRatio: 0.3, memoryUsedBytes: 2_147_483_648, powerWatts: undefined }],
  ['average', { utilizationRatio: 0.3, memoryUsedBytes: 2_147_483_648, powerWatts: 90.25 }],
])('the header or the unit of a new driver: %s', async (scenario, figures) => {
  await start(scenario)
  await waitForBoth()
  expect(sidecar?.snapshot().gpus[0]?.sample).toMatchObject(figures)
})

test('a GPU that cannot be reached is down, the other goes on although each run exits with 15', async () => {
  // Each run ends after its first rows; the next one comes a second later.
  await start('partial', program, 1)
  const expected = [
    ['GPU-fake-0', true, 'ok', 0.3],
    ['unknown-00000000:3B:00.0', false, 'unknown_error', undefined],
  ]
  const seen = ({ gpus }: Snapshot) =>
    gpus
      .map(({ up, sample }) => [sample.uuid, up, sample.state, sample.utilizationRatio])
      .sort(([a], [b]) => String(a).localeCompare(String(b)))
  await waitFor((snapshot) => {
    expect(snapshot.sources[0]?.restarts).toBeGreaterThanOrEqual(2)
    expect(seen(snapshot)).toEqual(expected)
    expect(snapshot.sources[0]?.up).toBe(true)
  })
  play('normal')
  await waitFor(({ gpus }) => {
    expect(gpus.map(({ sample, up }) => [sample.uuid, up])).toEqual([
      ['GPU-fake-0', true],
      ['GPU-fake-1', true],
    ])
  })
})

/** The slow pass alone; its source comes last. */
const inventory = (scenario: string) => start(`normal;${scenario}`, program, intervalSeconds, 60)

test('the slow pass tells MIG, processes and errors, in the snapshot and as metrics', async () => {
  await inventory('xml-v13')
  await waitFor(({ gpus }) => {
    expect(gpus[0]?.inventory).toMatchObject({ cudaVersion: '13.0', recoveryAction: 'none' })
    expect(gpus[1]?.inventory).toMatchObject({ recoveryAction: 'reset', processCount: 0 })
  })
  const text = await (await fetch(`${sidecar?.url ?? ''}/metrics`)).text()
  const lines = text.split('\n')
  expect(lines).toContain('rerankscope_gpu_processes{gpu_uuid="GPU-fake-0"} 2')
  expect(lines).toContain(
    'rerankscope_gpu_ecc_errors_total{gpu_uuid="GPU-fake-0",type="uncorrected"} 4',
  )
  expect(lines).toContain('rerankscope_gpu_recovery_action{gpu_uuid="GPU-fake-1",action="reset"} 1')
  expect(lines).toContain('rerankscope_gpu_memory_reserved_bytes{gpu_uuid="GPU-fake-0"} 503316480')
  expect(lines.filter((line) => line.startsWith('rerankscope_gpu_processes{'))).toHaveLength(1)
})

test.each([
  ['xml-none', /exited with 6: no NVIDIA GPU was found.*No devices were found/],
  ['xml-huge', /printed more than 16777216 bytes/],
])('a slow pass that fails (%s) leaves the loop alone, and says why', async (scenario, reason) => {
  await inventory(scenario)
  await waitForBoth()
  await waitFor(({ sources }) => {
    expect(sources.map(({ name, up }) => [name, up])).toEqual([
      ['nvidia-smi', true],
      ['nvidia-smi-inventory', false],
    ])
    expect(sources[1]?.reason).toMatch(reason)
  })
})

test('a slow pass that hangs leaves the loop alone, and dies with the sidecar', async () => {
  await inventory('xml-hang')
  await waitForBoth()
  expect(pids().filter(isAlive)).toHaveLength(2)
  expect((await status()).sources[1]).toMatchObject({ up: false, reason: 'no reading yet' })
})

test('a command with arguments is started as one, as for ssh', async () => {
  const wrapper = join(folder, 'as host')
  writeFileSync(wrapper, `#!/bin/sh\nshift\nexec "$@"\n`, { mode: 0o755 })
  await start('normal', `"${wrapper}" gpu-host '${program}'`)
  await waitForBoth()
})

test('a sidecar that is killed outright leaves no nvidia-smi that hangs', async () => {
  play('stubborn')
  const { child, url } = await startProgram(['--gpu', 'nvidia-smi', '--server', 'none'])
  await vi.waitFor(() => {
    expect(url).toMatch(/^http/)
    expect(pids().filter(isAlive)).toHaveLength(1)
  }, waiting)
  child.kill('SIGKILL')
  await vi.waitFor(() => {
    expect(pids().filter(isAlive)).toEqual([])
  }, waiting)
})

test('a driver of another version is named, with what nvidia-smi said', async () => {
  await start('mismatch')
  await vi.waitFor(
    () => expectGone(/exited with 18: driver and NVML library.*Driver\/library version mismatch/),
    waiting,
  )
})

test('a program that is not there is named, with what to do', async () => {
  await start('normal', 'nvidia-smi-that-is-not-there')
  await vi.waitFor(() => expectGone(/was not found: install the NVIDIA driver/), waiting)
})

test('a child that hangs is ended, group and all, before another one is started', async () => {
  await start('normal')
  await waitForBoth()
  play('wrapper')
  const alive: number[] = []
  await vi.waitFor(
    async () => {
      alive.push(pids().filter(isAlive).length)
      expect((await status()).sources[0]?.restarts).toBe(1)
      // The restarted one has hung as well: itself and the sleeper that it started.
      expect(alive.at(-1)).toBe(2)
    },
    { timeout: 12_000, interval: 20 },
  )
  expect(Math.max(...alive)).toBe(2)
  expect(Math.min(...alive)).toBe(0)
})

test('stopping while a child hangs leaves none behind', async () => {
  await start('normal')
  await waitForBoth()
  play('stubborn')
  await waitFor(({ gpus }) => {
    expect(gpus[0]?.up).toBe(false)
  })
  play('wrapper')
  await sidecar?.stop()
  sidecar = undefined
  await vi.waitFor(() => {
    expect(pids().filter(isAlive)).toEqual([])
  }, waiting)
})
