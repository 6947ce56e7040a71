import { usageError } from '../../core/errors.ts'
import { gpusOnPage } from '../normalise/nvidia-page.ts'
import { Target } from '../target.ts'
import type { GpuSource } from './source.ts'

/**
 * The metrics page of dcgm-exporter, or of a Triton, where no nvidia-smi is at hand. Its figures are
 * as old as its own collection, which is 30 s with dcgm-exporter's defaults.
 */
export const dcgm: GpuSource = {
  name: 'dcgm',
  argument: 'URL',
  available: () => false,
  create: (_, url) => {
    if (url === '') throw usageError('Name the page: --gpu dcgm:http://127.0.0.1:9400/metrics.')
    const page = new Target(url, url, { option: 'The URL of --gpu dcgm:URL', what: 'the exporter' })
    return {
      name: 'dcgm',
      open: () =>
        Promise.resolve({
          pace: 'loop' as const,
          async read(signal: AbortSignal) {
            const gpus = gpusOnPage(await page.page(signal))
            if (gpus.length > 0) return gpus
            throw new Error(
              `${page.url} tells of no GPU: it needs DCGM_FI_DEV_GPU_UTIL (dcgm-exporter before 4.9) or nv_gpu_utilization (Triton).`,
            )
          },
          close: () => {
            page.close()
          },
        }),
    }
  },
}
