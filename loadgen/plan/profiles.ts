/** What is offered to the target: how often, and in which shapes. QPS counts queries. */
export interface Profile {
  readonly name: string
  readonly summary: string
  readonly queriesPerSecond: number
  /** So many requests of one query each are intended at the same instant. */
  readonly queriesPerBatch: number
  /** The shapes, in documents a query; each gets an equal share of the requests. */
  readonly documentCounts: readonly number[]
  readonly arrivals: 'constant'
}

/** Every profile (contract §4). One more = one entry here. */
export const profiles = [
  {
    name: 'low',
    summary: '5 queries/s, one at a time, 10 to 50 documents each',
    queriesPerSecond: 5,
    queriesPerBatch: 1,
    documentCounts: [10, 20, 30, 40, 50],
    arrivals: 'constant',
  },
  {
    name: 'high',
    summary: '20 queries/s in batches of 8, 50 documents each',
    queriesPerSecond: 20,
    queriesPerBatch: 8,
    documentCounts: [50],
    arrivals: 'constant',
  },
] as const satisfies readonly Profile[]

/** Seconds between two instants at which something is due. */
export function periodSeconds(profile: Profile): number {
  return profile.queriesPerBatch / profile.queriesPerSecond
}
