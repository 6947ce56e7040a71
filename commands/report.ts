import { exitCodes, usageError } from '../core/errors.ts'
import { present } from '../core/assert.ts'
import {
  mergeParts,
  prepareFolder,
  readK6Run,
  readRun,
  reportFormats,
  writeRun,
  type Run,
} from '../loadgen/index.ts'
import { defineCommand } from './command.ts'
import { writeOut } from './out.ts'
import { exitCodeOf, sloOf, sloOption } from './slo.ts'

type Slo = ReturnType<typeof sloOf>

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
    [
      'report runs/low --k6 part-1.json --k6 part-2.json --save runs/whole',
      'what k6 measured on two machines that replayed the plan of runs/low',
    ],
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
    k6: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe:
        'Samples that `k6 run --out json=FILE` wrote, one file a machine, of the plan in the folder: show them as one run',
    },
    save: {
      type: 'string',
      requiresArg: true,
      describe: 'With --merge or --k6: a run folder to write the whole to',
    },
    slo: sloOption,
    json: { type: 'boolean', default: false, describe: 'The same as --format json' },
    out: { type: 'string', requiresArg: true, describe: 'File to write instead of printing' },
  },
  async run(args, { stdout }) {
    const folders = (args.positional.folders as readonly (string | number)[]).map(String)
    const slo = args.slo === undefined ? undefined : sloOf(args.slo)
    const shown = await runsOf(folders, { ...args, slo })
    if (args.save !== undefined) await save(args.save, shown, args.merge || args.k6 !== undefined)
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

/** The runs to show: one a folder, or what the folders or k6's files together are. */
async function runsOf(
  folders: readonly string[],
  { merge, k6, slo }: { merge: boolean; k6: string[] | undefined; slo: Slo | undefined },
): Promise<readonly Run[]> {
  const [first, ...others] = folders
  if (k6 !== undefined) {
    if (merge || first === undefined || others.length > 0) {
      throw usageError('--k6 takes one folder, that of the plan, and goes without --merge.')
    }
    return [await readK6Run(first, k6, slo)]
  }
  const runs: Run[] = []
  for (const folder of folders) runs.push(await readRun(folder, slo))
  const [part, ...parts] = runs
  return merge && part !== undefined ? [mergeParts([part, ...parts])] : runs
}

async function save(folder: string, [run]: readonly Run[], whole: boolean): Promise<void> {
  if (!whole || run === undefined) {
    throw usageError('--save belongs to --merge or --k6: every other run has its folder.')
  }
  await prepareFolder(folder, false, '--save')
  await writeRun({ ...run, folder })
}
