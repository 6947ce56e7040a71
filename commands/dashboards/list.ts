import { exitCodes, type ExitCode } from '../../core/errors.ts'
import { shippedBoards } from '../../dashboards/index.ts'
import type { CommandContext } from '../command.ts'
import type { DashboardArguments } from './options.ts'

export function list({ json }: DashboardArguments, { stdout }: CommandContext): ExitCode {
  const heads = shippedBoards().map(({ name, uid, title, description }) => ({
    name,
    uid,
    title,
    description,
  }))
  const width = Math.max(...heads.map(({ name }) => name.length))
  stdout.write(
    json
      ? `${JSON.stringify(heads)}\n`
      : heads.map(({ name, description }) => `${name.padEnd(width)}  ${description}\n`).join(''),
  )
  return exitCodes.done
}
