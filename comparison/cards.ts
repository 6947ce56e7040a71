export type PeakFormat = 'fp16' | 'fp32' | 'int8'

export interface Card {
  readonly title: string
  /** Of the name that nvidia-smi gives it. The first that matches counts. */
  readonly pattern: RegExp
  /**
   * Peak of its tensor cores, in 10^12 operations/s, dense: what a data sheet gives "with sparsity" is
   * twice that, and no encoder here is sparse. fp32 is TF32 where the card has it.
   */
  readonly peakTflops: Readonly<Partial<Record<PeakFormat, number>>>
  /** Whose figures they are. */
  readonly source: string
}

/**
 * Peaks by card. One more = one entry here. The A10G is not an A10: NVIDIA gives the A10 125 TFLOPS
 * in fp16, and the A10G, made for one cloud, 70.
 */
export const cards: readonly Card[] = [
  card('A10G', /\bA10G\b/, { fp16: 70, fp32: 35, int8: 140 }, 'NVIDIA A10G product brief'),
  card('A10', /\bA10\b/, { fp16: 125, fp32: 62.5, int8: 250 }, 'NVIDIA A10 data sheet'),
  card('T4', /\bT4\b/, { fp16: 65, fp32: 8.1, int8: 130 }, 'NVIDIA T4 data sheet'),
  card('L4', /\bL4\b/, { fp16: 121, fp32: 60, int8: 242 }, 'NVIDIA L4 data sheet'),
  card('L40S', /\bL40S\b/, { fp16: 362, fp32: 183, int8: 733 }, 'NVIDIA L40S data sheet'),
  card('V100 SXM2', /\bV100-SXM2\b/, { fp16: 125, fp32: 15.7 }, 'NVIDIA V100 data sheet'),
  card('V100 PCIe', /\bV100-PCIE\b/, { fp16: 112, fp32: 14 }, 'NVIDIA V100 data sheet'),
  card('A100', /\bA100\b/, { fp16: 312, fp32: 156, int8: 624 }, 'NVIDIA A100 data sheet'),
  card(
    'H100 PCIe',
    /\bH100 PCIe\b/i,
    { fp16: 756, fp32: 378, int8: 1513 },
    'NVIDIA H100 data sheet',
  ),
  card('H200', /\bH200\b/, { fp16: 989, fp32: 494, int8: 1979 }, 'NVIDIA H200 data sheet'),
  card('H100 SXM', /\bH100\b/, { fp16: 989, fp32: 494, int8: 1979 }, 'NVIDIA H100 data sheet'),
]

function card(
  title: string,
  pattern: RegExp,
  peakTflops: Card['peakTflops'],
  source: string,
): Card {
  return { title, pattern, peakTflops, source }
}

/** In 10^12 operations a second; undefined for a card that is not in the table. */
export function peakTflopsOf(deviceName: string, format: PeakFormat): number | undefined {
  return cards.find(({ pattern }) => pattern.test(deviceName))?.peakTflops[format]
}
