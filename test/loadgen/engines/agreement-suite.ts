import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { profiles, summarySchema } from '../../../loadgen/index.ts'
import { Rerankscope } from '../../system/processes.ts'

/** Two engines, one plan, the reference server: `compare-engines` must find that they agree. */
export function agreementSuite(
  k6: string,
  seconds: number,
  names: readonly string[] = profiles.map(({ name }) => name),
): void {
  let server: Rerankscope
  let url: string
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-engines-'))
    // No token cache: the second engine sends the same texts again, and would meet a faster server.
    server = new Rerankscope(['serve', '--port', '0', '--json', '--cache-mib', '0'])
    url = await server.listening()
  })
  afterAll(() => {
    server.end()
    rmSync(folder, { recursive: true })
  })

  test.each(names)(
    'both engines agree on %s',
    async (profile) => {
      const out = join(folder, profile)
      const { stdout, stderr } = await new Rerankscope([
        ...['compare-engines', '--target', url, '--profile', profile, '--seconds', String(seconds)],
        ...['--k6', k6, '--out', out],
      ]).ended
      expect(stdout, stderr).toMatch(/^autocannon and k6 agree: .*; the intervals overlap\.$/m)
      const [one, other] = ['autocannon', 'k6'].map((name) => ({
        summary: summarySchema.parse(
          JSON.parse(readFileSync(join(out, name, 'run.json'), 'utf8')) as unknown,
        ),
        items: readFileSync(join(out, name, 'items.ndjson'), 'utf8'),
        texts: readFileSync(join(out, name, 'texts.ndjson'), 'utf8'),
      }))
      expect(other!.items).toBe(one!.items)
      expect(other!.texts).toBe(one!.texts)
      expect(other!.summary.totals).toEqual(one!.summary.totals)
      expect(one!.summary.totals.failed).toBe(0)
    },
    600_000,
  )
}
