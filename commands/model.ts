import Table from 'cli-table3'
import { systemClock } from '../core/clock.ts'
import { exitCodes, usageError } from '../core/errors.ts'
import { formatBytes, formatRatio } from '../core/units.ts'
import {
  checkModel,
  devices,
  firstShare,
  loadModel,
  modelNamed,
  namedModels,
  requiredShare,
  writeModelDirectory,
} from '../reference-server/index.ts'
import { defineCommand, type CommandContext } from './command.ts'

export const model = defineCommand({
  usage: 'model <action> [name]',
  summary: 'List, describe, build and check reranker models',
  examples: [
    ['model list', 'the models known by name'],
    ['model info embedded', 'what a model is and what it takes'],
    ['model build embedded --out ./embedded', 'write model.onnx, tokenizer.json and their configs'],
    ['model check embedded', 'ask 70 English and Chinese questions and count the right answers'],
  ],
  options: {
    out: { type: 'string', describe: 'build: directory to write to' },
    device: { choices: devices, default: 'auto' as const, describe: 'check: where to run' },
    json: { type: 'boolean', default: false, describe: 'Answer in JSON' },
  },
  async run(args, context) {
    const { action } = args.positional
    const name = nameOf(args.positional)
    const print = printer(args.json, context)
    switch (action) {
      case 'list':
        list(print)
        break
      case 'info':
        info(name, print)
        break
      case 'build':
        build(name, args.out, print)
        break
      case 'check':
        return check(name, args.device, print, context)
      default:
        throw usageError(`There is no \`model ${String(action)}\`: list, info, build or check.`)
    }
    return exitCodes.done
  },
})

type Print = (value: unknown, text: string) => void

function printer(json: boolean, { stdout }: CommandContext): Print {
  return (value, text) => stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`)
}

function nameOf({ name }: Readonly<Record<string, unknown>>): string {
  return typeof name === 'string' ? name : (namedModels[0]?.name ?? '')
}

function list(print: Print): void {
  const models = namedModels.map(({ name, summary }) => ({ name, summary }))
  const table = new Table({ head: ['Model', 'What it is'], style: { head: [], border: [] } })
  table.push(...models.map(({ name, summary }) => [name, summary]))
  print(models, table.toString())
}

function info(name: string, print: Print): void {
  const { summary, graph, defaultMaximumTokens, maximumTokens } = loadModel(name)
  const bytes = 'bytes' in graph ? graph.bytes.length : undefined
  const lines = [
    `${name}: ${summary}`,
    `tokens of a pair: ${String(defaultMaximumTokens)} by default, ${String(maximumTokens)} at most`,
    'bytes' in graph ? `graph: ${formatBytes(graph.bytes.length)}` : `graph: ${graph.path}`,
  ]
  print({ name, summary, defaultMaximumTokens, maximumTokens, bytes }, lines.join('\n'))
}

function build(name: string, out: string | undefined, print: Print): void {
  if (out === undefined || out === '') {
    throw usageError('Say where to write: `rerankscope model build NAME --out DIR`.')
  }
  const files = writeModelDirectory(modelNamed(name), out)
  const lines = files.map(({ file, bytes }) => `${file} (${formatBytes(bytes)})`)
  print({ out, files }, `Wrote to ${out}: ${lines.join(', ')}`)
}

async function check(
  name: string,
  device: (typeof devices)[number],
  print: Print,
  { stderr }: CommandContext,
) {
  const outcomes = await checkModel(name, device, {
    clock: systemClock,
    log: (line) => stderr.write(`${line}\n`),
  })
  const table = new Table({
    head: ['Language', 'Questions', 'Relevant first'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right'],
  })
  for (const language of new Set(outcomes.map((outcome) => outcome.language))) {
    const some = outcomes.filter((outcome) => outcome.language === language)
    table.push([language, some.length, formatRatio(firstShare(some))])
  }
  const share = firstShare(outcomes)
  const missed = outcomes
    .filter(({ relevantRank }) => relevantRank > 1)
    .map(({ query, relevantRank }) => `  place ${String(relevantRank)}: ${query}`)
  const verdict = `${name}: the relevant passage came first in ${formatRatio(share)} of ${String(outcomes.length)} questions (required: ${formatRatio(requiredShare)}).`
  print({ name, share, requiredShare, outcomes }, [table.toString(), verdict, ...missed].join('\n'))
  return share >= requiredShare ? exitCodes.done : exitCodes.slo
}
