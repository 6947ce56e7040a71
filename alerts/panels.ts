/**
 * The panels that alerts point at. Boards are another program's, so uid and id stand here a second
 * time; neither ever changes, and a test compares them with the boards.
 */
export interface PanelLink {
  /** The board's uid. */
  readonly board: string
  readonly id: number
  readonly title: string
}

function overview(id: number, title: string): PanelLink {
  return { board: 'rerankscope-overview', id, title }
}

export const panels = {
  utilizationByGpu: overview(8, 'GPU utilisation by GPU'),
  duration: overview(9, 'Request duration'),
  traffic: overview(10, 'Queries and pairs'),
  errorsByClass: overview(11, 'Errors by class'),
  memory: overview(13, 'GPU memory'),
  queue: overview(14, 'Queue and requests in flight'),
  sources: overview(15, 'Source health'),
  batch: overview(17, 'Mean batch'),
} as const satisfies Readonly<Record<string, PanelLink>>
