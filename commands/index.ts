import type { Command } from './command.ts'

interface Entry {
  readonly name: string
  /** Loaded when it is named: whoever runs the sidecar must not pay for the model builder. */
  readonly load: () => Promise<Command>
  /** How V8 shall behave, set before anything else is loaded. */
  readonly v8Flags?: readonly string[]
}

/** Every command, in the order of `--help`. One more = one file and one line here. */
export const commands: readonly Entry[] = [
  { name: 'demo', load: async () => (await import('./demo.ts')).demo },
  { name: 'serve', load: async () => (await import('./serve.ts')).serve },
  {
    name: 'sidecar',
    load: async () => (await import('./sidecar.ts')).sidecar,
    // It shares its machine, and V8 by default lets garbage fill 50 MB before it looks. Its compilers
    // take 8 MB and more, and more time than they save, where all work comes once a second; and to
    // wake helpers for the megabyte or two that are collected then takes more than the collecting.
    v8Flags: [
      '--optimize-for-size',
      '--no-opt',
      '--no-maglev',
      '--no-sparkplug',
      '--no-parallel-scavenge',
    ],
  },
  { name: 'load', load: async () => (await import('./load.ts')).load },
  {
    name: 'compare-engines',
    load: async () => (await import('./compare-engines.ts')).compareEngines,
  },
  { name: 'report', load: async () => (await import('./report.ts')).report },
  { name: 'compare', load: async () => (await import('./compare.ts')).compare },
  { name: 'capacity', load: async () => (await import('./capacity.ts')).capacity },
  { name: 'bench', load: async () => (await import('./bench.ts')).bench },
  { name: 'model', load: async () => (await import('./model.ts')).model },
  { name: 'dashboards', load: async () => (await import('./dashboards.ts')).dashboards },
  { name: 'alerts', load: async () => (await import('./alerts.ts')).alerts },
  { name: 'autoscale', load: async () => (await import('./autoscale.ts')).autoscale },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctor },
]
