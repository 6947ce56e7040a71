import { writeFile } from 'node:fs/promises'
import { exitCodes, messageOf, environmentError } from '../core/errors.ts'
import { present } from '../core/assert.ts'
import { readRun, reportFormats } from '../loadgen/index.ts'
import { defineCommand } from './command.ts'

export const report = defineCommand({
  usage: 'report <folders..>',
  summary: 'Read run folders again and show them, one or several side by side',
  examples: [
    ['report runs/first/low runs/first/high', 'one table for both'],
    ['report runs/first/low --format html --out low.html', 'one page, no other file needed'],
  ],
  options: {
    format: {
      choices: reportFormats.map(({ name }) => name),
      default: 'text',
      describe: reportFormats.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    out: { type: 'string', requiresArg: true, describe: 'File to write instead of printing' },
  },
  async run(args, { stdout }) {
    const folders = (args.positional.folders as readonly (string | number)[]).map(String)
    const runs = []
    for (const folder of folders) runs.push(await readRun(folder))
    const format = present(
      reportFormats.find(({ name }) => name === args.format),
      'yargs let an unknown --format pass.',
    )
    const text = format.render(runs, args.out === undefined ? stdout.columns : undefined)
    if (args.out === undefined) {
      stdout.write(text)
    } else {
      try {
        await writeFile(args.out, text)
      } catch (error) {
        throw environmentError(`--out ${args.out} cannot be written: ${messageOf(error)}.`)
      }
    }
    return exitCodes.done
  },
})
