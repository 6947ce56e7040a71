import type { BoardDefinition } from './board.ts'
import {
  bands,
  errorsByClass,
  latency,
  memory,
  queueOverTime,
  sources,
  traffic,
  utilizationByGpu,
} from './overview/course.ts'
import { guidance, guidanceHistory } from './overview/guidance.ts'
import { alertHistory, served } from './overview/history.ts'
import {
  alertsFiring,
  errors,
  meanBatch,
  p95Now,
  pairs,
  qps,
  queue,
  utilizationNow,
  watched,
} from './overview/now.ts'

/** Is the reranker well, and what should I do? Users first, machines after. */
export const overview: BoardDefinition = {
  name: 'overview',
  title: 'rerankscope / Overview',
  description: 'The ten-second answer: is the reranker well, and what does its GPU say to do?',
  sections: (policy) => [
    {
      rows: [
        { height: 5, panels: [guidance, alertsFiring, utilizationNow(policy), p95Now(policy)] },
        { height: 4, panels: [qps, pairs, errors(policy), queue, meanBatch(policy), watched] },
      ],
    },
    {
      heading: { id: 30, title: 'What callers feel, what the GPUs do' },
      rows: [
        { height: 9, panels: [latency(policy), utilizationByGpu(policy)] },
        { height: 8, panels: [traffic, errorsByClass, bands(policy)] },
        { height: 8, panels: [queueOverTime, memory, sources] },
      ],
    },
    {
      heading: { id: 31, title: 'What happened' },
      rows: [{ height: 7, panels: [alertHistory, guidanceHistory, served] }],
    },
  ],
}
