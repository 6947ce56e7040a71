import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const distribution = dirname(require.resolve('uplot'))

export interface Assets {
  readonly script: string
  readonly style: string
  readonly licence: string
}

/** uPlot as it is installed, to be written into the page: a report must open without a network. */
export function chartAssets(): Assets {
  const read = (path: string) => readFileSync(join(distribution, path), 'utf8')
  return {
    script: read('uPlot.iife.min.js'),
    style: read('uPlot.min.css'),
    licence: read('../LICENSE'),
  }
}
