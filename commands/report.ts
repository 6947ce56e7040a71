import { exitCodes } from '../core/errors.ts'
import { present } from '../core/assert.ts'
import { mergeParts, readRun, reportFormats } from '../loadgen/index.ts'
import { defineCommand } from './command.ts'
import { writeOut } from './out.ts'
import { exitCodeOf, sloOf, sloOption } from './slo.ts'

export const report = defineCommand({
  usage: 'report <folders..>',
  summary: 'Read run folders again and show them, one or several side by side',
  examples: [
    ['report runs/first/low runs/first/high', 'one table for both'],
    [
      'report runs/first/low --format junit --out low.xml --slo p95=200ms',
      'for CI: 99 when missed',
    ],
    ['report --merge runs/part-1 runs/part-2', 'one run that several generators sent'],
    ['report runs/first/low --format html --out low.html', 'one page, no other file needed'],
  ],
  options: {
    format: {
      choices: reportFormats.map(({ name }) => name),
      default: 'text',
      describe: reportFormats.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    merge: {
      type: 'boolean',
      default: false,
      describe: 'The folders hold parts of one plan, sent at the same time: show them as one run',
    },
    slo: sloOption,
    json: { type: 'boolean', default: false, describe: 'The same as --format json' },
    out: { type: 'string', requiresArg: true, describe: 'File to write instead of printing' },
  },
  async run(args, { stdout }) {
    const folders = (args.positional.folders as readonly (string | number)[]).map(String)
    const runs = []
    const slo = args.slo === undefined ? undefined : sloOf(args.slo)
    for (const folder of folders) runs.push(await readRun(folder, slo))
    const [first, ...others] = runs
    const shown = args.merge && first !== undefined ? [mergeParts([first, ...others])] : runs
    const format = present(
      reportFormats.find(({ name }) => name === (args.json ? 'json' : args.format)),
      'yargs let an unknown --format pass.',
    )
    const text = format.render(shown, args.out === undefined ? stdout.columns : undefined)
    if (args.out === undefined) {
      stdout.write(text)
    } else {
      await writeOut(args.out, text)
    }
    // Without thresholds of its own, reading is all that was asked for.
    return slo === undefined ? exitCodes.done : exitCodeOf(shown.map(({ summary }) => summary))
  },
})
