import type { BoardDefinition } from './board.ts'
import { energy, linesInForce, projected, replicas, sustainable } from './gpu/capacity.ts'
import { clock, limits, power, temperature, throttled, throttleReasons } from './gpu/hardware.ts'
import { answers, ecc, inventory, processes, recovery, state } from './gpu/health.ts'
import { memory, memoryShare, migMemory } from './gpu/memory.ts'
import { age, dropped, durations, restarts, sources, versions } from './gpu/sidecar.ts'
import { bands, byNvidiaSmi, measurable, spread, utilizationByGpu } from './gpu/utilization.ts'

/** How busy are the GPUs, what is left, and what holds them down? */
export const gpu: BoardDefinition = {
  name: 'gpu',
  title: 'rerankscope / GPU and capacity',
  description:
    'How busy the GPUs are, how much more they could do, what holds them down, and how well all that is measured.',
  sections: (policy) => [
    {
      heading: { id: 50, title: 'Utilisation' },
      rows: [
        { height: 9, panels: [utilizationByGpu(policy), bands(policy)] },
        { height: 8, panels: [byNvidiaSmi(policy), spread, measurable] },
      ],
    },
    {
      heading: { id: 51, title: 'Capacity' },
      rows: [
        { height: 8, panels: [sustainable(policy), projected(policy), replicas] },
        { height: 8, panels: [energy, linesInForce] },
      ],
    },
    {
      heading: { id: 52, title: 'Memory' },
      rows: [{ height: 8, panels: [memory, memoryShare(policy)] }],
    },
    {
      heading: { id: 53, title: 'Power, heat and clocks' },
      rows: [
        { height: 8, panels: [power, temperature, clock] },
        { height: 7, panels: [throttled, throttleReasons, limits] },
      ],
    },
    {
      heading: { id: 54, title: 'Health' },
      rows: [
        { height: 7, panels: [answers, state, ecc] },
        { height: 7, panels: [inventory, processes, recovery] },
      ],
    },
    {
      heading: { id: 55, title: 'MIG', closed: true },
      rows: [{ height: 8, panels: [migMemory] }],
    },
    {
      heading: { id: 56, title: 'The sidecars themselves', closed: true },
      rows: [
        { height: 8, panels: [sources, age, durations] },
        { height: 8, panels: [restarts, dropped, versions] },
      ],
    },
  ],
}
