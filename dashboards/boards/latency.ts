import type { BoardDefinition } from './board.ts'
import { documents, meanBatch, batchSizes, padding, tokens, truncated } from './latency/batching.ts'
import { byInstance, coarse, distribution, quantiles, worst } from './latency/callers.ts'
import { cacheHits, errorsByClass, failedPairs, requests } from './latency/outcomes.ts'
import { clients, pairDuration, shapes, unread } from './latency/others.ts'
import { inFlight, queue, stages, waiting } from './latency/stages.ts'

/** How long do callers wait, where does the time go, and does the batching do its work? */
export const latency: BoardDefinition = {
  name: 'latency',
  title: 'rerankscope / Latency and batching',
  description:
    'How long callers wait, where the time goes, and whether the batching does its work.',
  sections: (policy) => [
    {
      heading: { id: 40, title: 'What callers feel' },
      rows: [
        { height: 9, panels: [quantiles(policy), distribution] },
        { height: 8, panels: [byInstance(policy), worst(policy), coarse] },
      ],
    },
    {
      heading: { id: 41, title: 'Where the time goes' },
      rows: [{ height: 8, panels: [stages, waiting, queue, inFlight] }],
    },
    {
      heading: { id: 42, title: 'Batching' },
      rows: [
        { height: 8, panels: [meanBatch(policy), batchSizes, padding] },
        { height: 8, panels: [documents, tokens, truncated] },
      ],
    },
    {
      heading: { id: 43, title: 'Outcomes' },
      rows: [{ height: 8, panels: [requests, errorsByClass, failedPairs, cacheHits] }],
    },
    {
      heading: { id: 44, title: 'Through the proxy, and servers that measure pairs', closed: true },
      rows: [{ height: 8, panels: [shapes, pairDuration, clients, unread] }],
    },
  ],
}
