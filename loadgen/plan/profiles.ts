import type { Profile } from './profile.ts'

export type { Profile } from './profile.ts'

/** Every profile (contract §4). One more = one entry here. */
export const profiles = [
  {
    name: 'low',
    summary: '5 queries/s, one at a time, 10 to 50 documents each',
    arrivals: { kind: 'constant', queriesPerSecond: 5 },
    queriesPerBatch: 1,
    shapes: { documents: [10, 20, 30, 40, 50] },
  },
  {
    name: 'high',
    summary: '20 queries/s in batches of 8, 50 documents each',
    arrivals: { kind: 'constant', queriesPerSecond: 20 },
    queriesPerBatch: 8,
    shapes: { documents: [50] },
  },
  {
    name: 't2-natural',
    summary: '5 queries/s, each with its own candidates: as many as T2Ranking has, 16.5 on average',
    arrivals: { kind: 'poisson', queriesPerSecond: 5 },
    queriesPerBatch: 1,
    shapes: 'own',
  },
  {
    name: 'grid',
    summary:
      '1 query/s, every combination of 1 to 96 documents and 64 to 4,096 tokens once in 49 s',
    arrivals: { kind: 'constant', queriesPerSecond: 1 },
    queriesPerBatch: 1,
    shapes: {
      documents: [1, 2, 4, 8, 24, 48, 96],
      tokens: [64, 128, 256, 512, 1024, 2048, 4096],
    },
    seconds: 98,
  },
] as const satisfies readonly Profile[]
