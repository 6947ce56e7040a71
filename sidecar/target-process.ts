import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

/** What is known of the process that serves the target. */
export interface TargetProcess {
  /** Its process and those it started. */
  readonly pids: readonly number[]
  /** The GPUs that its environment names, by index or uuid; undefined where it names none. */
  readonly devices: readonly string[] | undefined
}

/** Looking is bounded, however many processes and files there are. */
const maximumProcesses = 4096
const maximumFiles = 4096
/** Looked at in one go: a scrape that comes in between must not wait. */
const filesInOneGo = 64
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/**
 * The process that listens where the target is, when it runs in our network and process namespaces,
 * as beside a server on one machine or in a pod with `shareProcessNamespace`. Undefined when it is
 * not seen, or may not be looked at. Never rejects. `proc` is `/proc`.
 */
export async function targetProcessOf(
  targetUrl: string,
  proc = '/proc',
): Promise<TargetProcess | undefined> {
  const { hostname, port, protocol } = new URL(targetUrl)
  if (!loopback.test(hostname)) return undefined
  const wanted = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  const sockets = listeningSockets(wanted, proc)
  if (sockets.size === 0) return undefined
  const numbers = list(proc).filter((name) => /^\d+$/.test(name))
  const all = numbers.slice(0, maximumProcesses).map(Number)
  for (const pid of all) {
    if (!(await holdsOne(pid, sockets, proc))) continue
    return {
      pids: await familyOf(pid, all, proc),
      devices: devicesOf(read(join(proc, String(pid), 'environ'))),
    }
  }
  return undefined
}

/** `socket:[123]` of everything that listens on `port`. */
function listeningSockets(port: number, proc: string): ReadonlySet<string> {
  const tables = ['tcp', 'tcp6'].map((name) => read(join(proc, 'net', name)))
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const listening = '0A'
  return new Set(
    tables
      .flatMap((table) => table.split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .filter((cells) => cells[1]?.endsWith(end) === true && cells[3] === listening)
      .map((cells) => `socket:[${cells[9] ?? ''}]`),
  )
}

async function holdsOne(pid: number, sockets: ReadonlySet<string>, proc: string): Promise<boolean> {
  await setImmediate()
  const folder = join(proc, String(pid), 'fd')
  for (const [at, file] of list(folder).slice(0, maximumFiles).entries()) {
    if (at % filesInOneGo === filesInOneGo - 1) await setImmediate()
    if (sockets.has(linkOf(join(folder, file)))) return true
  }
  return false
}

/**
 * `pid`, what it started, and what runs in its container: a server may have been started by another
 * process that computes. The control group tells a container only where it is not our own as well.
 */
async function familyOf(
  pid: number,
  all: readonly number[],
  proc: string,
): Promise<readonly number[]> {
  const groupOf = (name: string) => read(join(proc, name, 'cgroup'))
  const group = groupOf(String(pid))
  const container = group !== '' && group !== groupOf('self') ? group : undefined
  const parents = new Map<number, number>()
  const family = new Set([pid])
  for (const [at, each] of all.entries()) {
    if (at % filesInOneGo === 0) await setImmediate()
    // The name in brackets may hold spaces and brackets of its own.
    const stat = read(join(proc, String(each), 'stat'))
    parents.set(each, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    if (container !== undefined && groupOf(String(each)) === container) family.add(each)
  }
  for (const each of all) {
    const line: number[] = []
    for (
      let ancestor: number | undefined = each;
      ancestor !== undefined && ancestor > 0 && line.length < 64;
      ancestor = parents.get(ancestor)
    ) {
      line.push(ancestor)
      if (ancestor === pid) for (const member of line) family.add(member)
    }
  }
  return [...family]
}

/** What the container was given; within it, or without one, what CUDA was told to use. */
function devicesOf(environ: string): readonly string[] | undefined {
  const value = (name: string) => {
    const entry = environ.split('\0').find((each) => each.startsWith(`${name}=`))
    const text = entry?.slice(name.length + 1) ?? ''
    return /^(?:all|none|void|)$/i.test(text)
      ? undefined
      : text.split(',').map((each) => each.trim())
  }
  return value('NVIDIA_VISIBLE_DEVICES') ?? value('CUDA_VISIBLE_DEVICES')
}

/*
 * What is in /proc is in memory: to read it at once takes a tenth of what handing it to a thread and
 * waiting does, for a thousand small files each time.
 */

function list(folder: string): readonly string[] {
  return orElse([], () => readdirSync(folder))
}

function read(file: string): string {
  return orElse('', () => readFileSync(file, 'utf8'))
}

function linkOf(file: string): string {
  return orElse('', () => readlinkSync(file))
}

/** What may not be looked at, or is gone by now, says nothing. */
function orElse<T>(nothing: T, look: () => T): T {
  try {
    return look()
  } catch {
    return nothing
  }
}
