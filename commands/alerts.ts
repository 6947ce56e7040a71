import {
  alertDefaults,
  alertsOf,
  checkRules,
  formChoices,
  renderAlerts,
  renderRunbooks,
  ruleSetChoices,
  shippedRules,
} from '../alerts/index.ts'
import { exitCodes, usageError, type ExitCode } from '../core/errors.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { exportFiles } from './export.ts'
import { readPolicy } from './policy-file.ts'

const [firstSet] = ruleSetChoices
const [firstForm] = formChoices

export const alerts = defineCommand({
  usage: 'alerts <action>',
  summary:
    'Export alert rules for Prometheus, its operator or Grafana, or check them with promtool (action: export, check)',
  examples: [
    ['alerts export --out alerts/', 'write rules, their tests and the runbooks'],
    [
      'alerts export --format prometheusrule --label release=prometheus --out alerts/',
      'for the Prometheus Operator of kube-prometheus-stack',
    ],
    ['alerts export --rules tei --job tei --out alerts/', "rules on TEI's own metrics"],
    ['alerts check', 'run promtool over the shipped rules'],
  ],
  options: {
    out: { type: 'string', describe: 'The folder that export writes to' },
    format: {
      choices: formChoices.map(({ name }) => name),
      default: firstForm.name,
      describe: `Who reads them. ${formChoices.map(({ name, writes }) => `${name}: ${writes}`).join('; ')}`,
    },
    rules: {
      choices: ruleSetChoices.map(({ name }) => name),
      default: firstSet.name,
      describe: `On whose metrics. ${ruleSetChoices.map(({ name, reads }) => `${name}: ${reads}`).join('; ')}`,
    },
    job: {
      type: 'string',
      describe: `The job under which Prometheus scrapes them; default: ${ruleSetChoices.map(({ name, job }) => `${job} for ${name}`).join(', ')}`,
    },
    policy: { type: 'string', describe: 'A YAML file with numbers that replace the policy' },
    'runbook-base': {
      type: 'string',
      default: alertDefaults.runbookBase,
      describe: 'What stands before <AlertName>.md in runbook_url',
    },
    'dashboard-base': {
      type: 'string',
      default: alertDefaults.dashboardBase,
      describe: 'What stands before /d/… in dashboard_url: the address of your Grafana',
    },
    'datasource-uid': {
      type: 'string',
      alias: 'datasource',
      default: alertDefaults.datasourceUid,
      describe: "--format grafana: the uid of Grafana's Prometheus data source",
    },
    label: {
      type: 'string',
      array: true,
      describe:
        '--format prometheusrule: KEY=VALUE, a label by which the operator finds the object',
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
    const { rules: set, format: form } = args
    const options = {
      policy: await readPolicy(args.policy),
      job: args.job ?? ruleSetChoices.find(({ name }) => name === set)?.job ?? firstSet.job,
      runbookBase: args['runbook-base'],
      dashboardBase: args['dashboard-base'].replace(/\/+$/, ''),
      datasourceUid: args['datasource-uid'],
      objectLabels: labelsOf(args.label ?? []),
    }
    const runbooks = [...renderRunbooks(alertsOf(options, set), options)].map(
      ([name, text]) => [`runbooks/${name}`, text] as const,
    )
    exportFiles(args.out, [...renderAlerts({ ...options, set, form }), ...runbooks], context)
    return exitCodes.done
  },
})

/** As Kubernetes takes them: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
const labelPattern = /^([\w./-]{1,317})=([A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)$/

function labelsOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, key, value] = labelPattern.exec(text) ?? []
      if (key === undefined || value === undefined) {
        throw usageError(`--label ${text} is no label of Kubernetes: write KEY=VALUE.`)
      }
      return [key, value]
    }),
  )
}

/** 0 when promtool accepts the rules and their tests pass, 1 when not, 3 without promtool. */
async function check(directory: string, { stdout }: CommandContext): Promise<ExitCode> {
  const { passed, output } = await checkRules(directory)
  stdout.write(`${output}\n`)
  return passed ? exitCodes.done : exitCodes.bug
}
