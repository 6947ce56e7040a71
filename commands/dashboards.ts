import { shippedBoards, type Board } from '../dashboards/index.ts'
import { exitCodes, usageError } from '../core/errors.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { exportFiles } from './export.ts'

export const dashboards = defineCommand({
  usage: 'dashboards <action>',
  summary: 'List the Grafana boards, or export them (action: list, export)',
  examples: [
    ['dashboards list', 'which boards there are'],
    ['dashboards export --out boards/', 'write every board as JSON, ready to import'],
  ],
  options: {
    out: { type: 'string', describe: 'The folder that export writes to' },
    name: { type: 'string', describe: 'Export this board alone' },
    json: { type: 'boolean', default: false, describe: 'List as JSON, for programs' },
  },
  run(args, context) {
    const action = String(args.positional['action'])
    const boards = shippedBoards()
    if (action === 'list') list(boards, args.json, context)
    else if (action === 'export') {
      const files = chosenOf(boards, args.name).map(
        ({ name, json }) => [`${name}.json`, json] as const,
      )
      exportFiles(args.out, files, context)
    } else throw usageError(`There is no \`dashboards ${action}\`: say list or export.`)
    return Promise.resolve(exitCodes.done)
  },
})

function list(boards: readonly Board[], asJson: boolean, { stdout }: CommandContext): void {
  const heads = boards.map(({ name, uid, title, description }) => ({
    name,
    uid,
    title,
    description,
  }))
  stdout.write(
    asJson
      ? `${JSON.stringify(heads)}\n`
      : heads.map(({ name, description }) => `${name}: ${description}\n`).join(''),
  )
}

function chosenOf(boards: readonly Board[], name: string | undefined): readonly Board[] {
  if (name === undefined) return boards
  const chosen = boards.filter((board) => board.name === name)
  if (chosen.length > 0) return chosen
  const names = boards.map((board) => board.name).join(', ')
  throw usageError(`There is no board ${name}: --name takes ${names}.`)
}
