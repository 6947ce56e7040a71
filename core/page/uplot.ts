import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

export interface ChartLibrary {
  /** Defines the global `uPlot`; begins with the licence. */
  readonly script: string
  readonly style: string
}

/** uPlot as it is installed, to be written into a page: our pages open without a network. */
export function chartLibrary(): ChartLibrary {
  const distribution = dirname(require.resolve('uplot'))
  const read = (path: string) => readFileSync(join(distribution, path), 'utf8')
  return {
    script: `/* uPlot\n${read('../LICENSE')}*/\n${read('uPlot.iife.min.js')}`,
    style: read('uPlot.min.css'),
  }
}
