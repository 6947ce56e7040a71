import type { BoardDefinition } from './board.ts'
import { inFlight, lag, outcomes, pairs, rate, response } from './load-test/course.ts'
import { runs } from './load-test/runs.ts'
import { batch, latencySeen, queue, utilization } from './load-test/target.ts'

/** What was offered, what came back, and what the reranker did meanwhile; runs side by side. */
export const loadTest: BoardDefinition = {
  name: 'load-test',
  title: 'rerankscope / Load test',
  description:
    'Runs of the load generator side by side: what was offered, what came back, and what the reranker did meanwhile.',
  hasRuns: true,
  sections: (policy) => [
    {
      heading: { id: 30, title: 'What the load generator saw' },
      rows: [
        { height: 8, panels: [runs(policy)] },
        { height: 8, panels: [rate, response(policy), pairs] },
        { height: 8, panels: [outcomes, inFlight, lag] },
      ],
    },
    {
      heading: { id: 31, title: 'What the reranker did meanwhile' },
      rows: [
        { height: 8, panels: [utilization(policy), latencySeen(policy)] },
        { height: 8, panels: [queue, batch(policy)] },
      ],
    },
  ],
}
