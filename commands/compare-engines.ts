import { usageError } from '../core/errors.ts'
import { defaults, profiles } from '../loadgen/index.ts'
import { defineCommand } from './command.ts'
import { printEachEngine, runEachEngine } from './each-engine.ts'
import { targetOption } from './target-option.ts'

export const compareEngines = defineCommand({
  usage: 'compare-engines',
  summary: 'Send one plan with every load engine, one after another, and say whether they agree',
  examples: [
    [
      'compare-engines --target http://127.0.0.1:8080 --out runs/engines',
      'autocannon, then k6, over the same plan',
    ],
  ],
  options: {
    target: targetOption,
    profile: {
      choices: profiles.map(({ name }) => name),
      default: 'low',
      describe: profiles.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    seconds: { type: 'number', default: 30, describe: 'Length of each schedule' },
    seed: { type: 'number', default: defaults.seed, describe: 'Same seed, same requests' },
    k6: {
      type: 'string',
      requiresArg: true,
      describe: 'The k6 program',
      defaultDescription: 'k6 on PATH',
    },
    out: {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Folder of the run folders, one an engine',
    },
    force: { type: 'boolean', default: false, describe: 'Overwrite the runs that --out holds' },
  },
  async run(args, { signal, stdout, stderr, environment }) {
    if (!(args.seconds > 0)) throw usageError('--seconds must be more than 0.')
    const both = await runEachEngine(args, { signal, stderr, environment })
    printEachEngine(both, stdout)
    return both.exitCode
  },
})
