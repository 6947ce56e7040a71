import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GpuView, Snapshot } from '../../core/snapshot.ts'

/** A sidecar's `/status` with one GPU that is busy for a given share of the time. */
export class FakeSidecar {
  frozen = false
  broken = false
  looks = 0
  /** Instead of a snapshot. */
  answer: string | undefined
  authorization: string | undefined
  readonly #server = createServer((request, response) => {
    this.looks += 1
    this.authorization = request.headers.authorization
    if (this.broken) {
      response.writeHead(503).end()
      return
    }
    if (!this.frozen) this.#seconds = performance.now() / 1000
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(this.answer ?? JSON.stringify(this.#snapshot(this.#seconds)))
  })
  readonly #busyRatio: number
  #seconds = performance.now() / 1000

  private constructor(busyRatio: number) {
    this.#busyRatio = busyRatio
  }

  static async start(busyRatio: number): Promise<FakeSidecar> {
    const sidecar = new FakeSidecar(busyRatio)
    await new Promise<void>((resolve) => sidecar.#server.listen(0, '127.0.0.1', resolve))
    return sidecar
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #snapshot(seconds: number): Snapshot {
    return {
      schema: 'rerankscope.snapshot/1',
      takenAtSeconds: seconds,
      target: 'http://127.0.0.1:1',
      gpus: [this.#gpu(seconds)],
      serving: {
        sample: { server: 'fixture', queuePairs: 3 },
        queriesPerSecond: undefined,
        pairsPerSecond: undefined,
        p95: undefined,
      },
      sources: [],
      guidance: { state: 'unknown', reasons: [], recommendation: '' },
    }
  }

  #gpu(seconds: number): GpuView {
    return {
      sample: {
        uuid: 'GPU-fake',
        index: '0',
        name: 'NVIDIA <b>Fake</b>',
        kind: 'nvidia',
        driverVersion: '1',
        state: 'ok',
        utilizationMeasurable: true,
        utilizationRatio: this.#busyRatio,
        memoryUsedBytes: 4e9,
        memoryTotalBytes: 80e9,
        powerWatts: 200,
        powerLimitWatts: 400,
        temperatureCelsius: 50,
        smClockHertz: 1e9,
        throttled: false,
      },
      up: true,
      attribution: 'node',
      integrals: {
        busySeconds: this.#busyRatio * seconds,
        observedSeconds: seconds,
        energyJoules: 200 * seconds,
        bandSeconds: {},
      },
    }
  }
}
