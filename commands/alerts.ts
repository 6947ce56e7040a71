import {
  alertDefaults,
  alertsOf,
  checkRules,
  renderAlerts,
  renderRunbooks,
  shippedRules,
} from '../alerts/index.ts'
import { exitCodes, usageError, type ExitCode } from '../core/errors.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { exportFiles } from './export.ts'
import { readPolicy } from './policy-file.ts'

export const alerts = defineCommand({
  usage: 'alerts <action>',
  summary:
    'Export the alert rules for Prometheus, or check them with promtool (action: export, check)',
  examples: [
    ['alerts export --out alerts/', 'write rules, their tests and the runbooks'],
    ['alerts check', 'run promtool over the shipped rules'],
  ],
  options: {
    out: { type: 'string', describe: 'The folder that export writes to' },
    job: {
      type: 'string',
      default: alertDefaults.job,
      describe: 'The job name under which Prometheus scrapes the sidecars',
    },
    policy: { type: 'string', describe: 'A YAML file with numbers that replace the policy' },
    'runbook-base': {
      type: 'string',
      default: alertDefaults.runbookBase,
      describe: 'What stands before <AlertName>.md in runbook_url',
    },
    dir: {
      type: 'string',
      describe: 'The folder that check looks at; default: the rules that ship',
    },
  },
  async run(args, context) {
    const action = String(args.positional['action'])
    if (action === 'check') return check(args.dir ?? shippedRules, context)
    if (action !== 'export') {
      throw usageError(`There is no \`alerts ${action}\`: say export or check.`)
    }
    const options = {
      policy: await readPolicy(args.policy),
      job: args.job,
      runbookBase: args['runbook-base'],
    }
    const runbooks = [...renderRunbooks(alertsOf(options), options)].map(
      ([name, text]) => [`runbooks/${name}`, text] as const,
    )
    exportFiles(args.out, [...renderAlerts(options), ...runbooks], context)
    return exitCodes.done
  },
})

/** 0 when promtool accepts the rules and their tests pass, 1 when not, 3 without promtool. */
async function check(directory: string, { stdout }: CommandContext): Promise<ExitCode> {
  const { passed, output } = await checkRules(directory)
  stdout.write(`${output}\n`)
  return passed ? exitCodes.done : exitCodes.bug
}
