import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { compiledModule } from '../../core/program.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A `rerankscope` of the build under test, with everything it starts marked so that it can be found. */
export class Rerankscope {
  readonly child: ChildProcess
  readonly #mark = randomUUID()
  #stdout = ''
  #stderr = ''
  readonly ended: Promise<Ended>

  constructor(
    programArguments: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(process.execPath, [compiledModule('cli.js'), ...programArguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment, RERANKSCOPETESTMARK: this.#mark },
    })
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.#stdout += chunk))
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk))
    this.ended = once(this.child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get stdout(): string {
    return this.#stdout
  }

  /** PIDs of everything that this program started and that is still there, itself included. */
  processes(): readonly number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          const dead = / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''))
          return !dead && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(this.#mark)
        } catch {
          return false
        }
      })
      .map(Number)
  }

  /** What is left of it after at most `seconds`. */
  async remaining(seconds: number): Promise<readonly number[]> {
    for (let waited = 0; waited < seconds && this.processes().length > 0; waited += 0.1) {
      await sleep(100)
    }
    return this.processes()
  }

  /** For `afterEach`: nothing a test starts may outlive it. */
  end(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL')
  }

  /** The URL of a daemon started with `--json`. */
  async listening(): Promise<string> {
    for (let waited = 0; waited < 60; waited += 0.05) {
      const line = this.#stdout.split('\n')[0] ?? ''
      if (line.endsWith('}')) return (JSON.parse(line) as { url: string }).url
      if (this.child.exitCode !== null) break
      await sleep(50)
    }
    throw new Error(`did not listen: ${this.#stderr}`)
  }
}

export async function rerankscope(...programArguments: readonly string[]): Promise<Ended> {
  return new Rerankscope(programArguments).ended
}
