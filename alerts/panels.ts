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

type Board = 'overview' | 'latency' | 'gpu' | 'load-test'

function on(board: Board, id: number, title: string): PanelLink {
  return { board: `rerankscope-${board}`, id, title }
}

export const panels = {
  sources: on('overview', 15, 'Source health'),
  watched: on('overview', 18, 'Watched'),
  duration: on('latency', 1, 'Request duration'),
  stages: on('latency', 6, 'p95 by stage'),
  queue: on('latency', 7, 'Waiting, in batches'),
  batch: on('latency', 10, 'Mean batch'),
  errorsByClass: on('latency', 17, 'Errors by class'),
  utilization: on('gpu', 1, 'Utilisation by GPU'),
  spread: on('gpu', 4, 'Spread between GPUs'),
  projection: on('gpu', 7, 'With one replica more or less'),
  replicas: on('gpu', 8, 'Replicas'),
  memory: on('gpu', 12, 'Share of memory in use'),
  throttleReasons: on('gpu', 18, 'Why throttled'),
  answers: on('gpu', 20, 'Answers'),
  memoryErrors: on('gpu', 22, 'Memory errors'),
  runs: on('load-test', 1, 'Runs side by side'),
} as const satisfies Readonly<Record<string, PanelLink>>
