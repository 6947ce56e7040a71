import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../core/exposition.ts'
import { policy } from '../../core/policy.ts'
import { Deployment } from '../../sidecar/aggregate/deployment.ts'
import { readingsOf } from '../../sidecar/export/readings.ts'
import { DocumentReader } from '../../sidecar/normalise/nvidia-document.ts'
import { columnsOf } from '../../sidecar/normalise/nvidia-fields.ts'
import { normaliseRow } from '../../sidecar/normalise/nvidia-row.ts'
import { normaliseXml } from '../../sidecar/normalise/nvidia-xml.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const header = 'index, uuid, utilization.gpu [%], memory.used [MiB], power.draw [W], name'
const columns = columnsOf(header)

/** A document whose processes are others each time. */
const documentOf = (pass: number) => `<nvidia_smi_log>
<driver_version>570</driver_version>
${Array.from(
  { length: 8 },
  (_, gpu) => `<gpu id="0">
<uuid>GPU-${String(gpu)}</uuid>
<processes>
${Array.from(
  { length: 50 },
  (__, at) =>
    `<process_info>\n<pid>${String(pass * 1000 + gpu * 100 + at + 1)}</pid>\n<used_memory>5 MiB</used_memory>\n</process_info>\n`,
).join('')}</processes>
</gpu>
`,
).join('')}</nvidia_smi_log>
`

/**
 * Ten minutes at 1 Hz are 600 readings. This is ten hours of them (36,000 rows a GPU, 8 GPUs, 600
 * slow passes of 400 processes that are never the same, 2,400 scrapes) with the clock as an argument.
 */
test('ten hours with processes that come and go: flat memory, and the same series at every scrape', async () => {
  const deployment = new Deployment({
    target: 'http://t',
    policy,
    intervalSeconds: 1,
    freshSeconds: 3,
  })
  let now = 0
  const renderer = new PrometheusRenderer(
    new ReadingProducer({
      readings: () => readingsOf(deployment.snapshot(now, now, []), { policy, version: '0' }),
      resource: {},
      // A wall clock that is set forward and back by an hour, again and again.
      wallSeconds: () => 1_800_000_000 + now + (Math.floor(now / 1000) % 2) * 3600,
    }),
  )
  const series = new Set<number>()
  const heaps: number[] = []
  for (let second = 1; second <= 36_000; second += 1) {
    now = second
    const rows = Array.from({ length: 8 }, (_, gpu) =>
      normaliseRow(
        `${String(gpu)}, GPU-${String(gpu)}, ${String((second * 7 + gpu) % 101)} %, 100 MiB, 50.00 W, x`,
        columns,
        { kind: 'nvidia', known: new Map() },
      ),
    )
    deployment.addGpus(
      rows.filter((row) => row !== undefined),
      second,
    )
    if (second % 60 === 0) {
      const reader = new DocumentReader()
      reader.push(documentOf(second))
      const gpus = normaliseXml(reader.end()).map(({ inventory }) => inventory)
      deployment.addInventory({ gpus, process: undefined }, second, 180)
    }
    if (second % 15 === 0) {
      const text = await renderer.render()
      if (second > 60) series.add(text.split('\n').filter((line) => !line.startsWith('#')).length)
    }
    if (second % 3600 === 0) {
      collectGarbage()
      heaps.push(process.memoryUsage().heapUsed)
    }
  }
  expect(series.size).toBe(1)
  const view = deployment.snapshot(now, now, []).gpus[0]
  expect(view?.integrals.observedSeconds).toBeCloseTo(35_999, 6)
  expect(view?.integrals.energyJoules).toBeCloseTo(50 * 35_999, 3)
  // What is left after a collection: eight readings a second kept for seven hours would be 20 MB and more.
  const [early = 0, late = 0] = [heaps[2], heaps.at(-1)]
  expect(late).toBeLessThan(early + 5e6)
})
