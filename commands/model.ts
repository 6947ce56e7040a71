import Table from 'cli-table3'
import { systemClock } from '../core/clock.ts'
import { exitCodes, usageError } from '../core/errors.ts'
import { formatBytes, formatCount, formatRatio } from '../core/units.ts'
import {
  buildModel,
  checkModel,
  describeModel,
  devices,
  dtypeNames,
  embeddedName,
  embeddedSummary,
  firstShare,
  graphForms,
  hasSafetensors,
  modelFolder,
  openRecipe,
  pulledModels,
  requiredShare,
  twinShapes,
  type ModelDescription,
  type WrittenFile,
} from '../reference-server/index.ts'
import { defineCommand, type Arguments, type CommandContext } from './command.ts'
import { modelCache } from './model-cache.ts'
import { pull } from './model-pull.ts'
import { progressBar } from './progress-bar.ts'

const options = {
  twin: {
    type: 'string',
    describe: `build, info: random weights at the shape of ${twinShapes.map(({ name }) => name).join(', ')}`,
  },
  seed: { type: 'number', default: 1, describe: 'build: seed of the random weights of a twin' },
  dtype: {
    choices: Object.keys(dtypeNames),
    describe: 'build, pull: number format; check: which graph',
    defaultDescription: "fp32; check: the folder's own",
  },
  revision: {
    type: 'string',
    describe: 'pull: branch, tag or commit; OWNER/NAME@REVISION says the same',
    defaultDescription: 'main',
  },
  form: {
    choices: graphForms,
    default: 'padded' as const,
    describe: 'build: padded runs everywhere; packed leaves padding out, on CUDA only',
  },
  out: { type: 'string', describe: 'build: folder to write to' },
  device: { choices: devices, default: 'auto' as const, describe: 'check: where to run' },
  json: { type: 'boolean', default: false, describe: 'Answer in JSON' },
} as const
type Args = Arguments<typeof options>

export const model = defineCommand({
  usage: 'model <action> [name]',
  summary: 'List, describe, pull, build and check reranker models',
  examples: [
    ['model list', 'the models known by name'],
    ['model info embedded', 'what a model is, what it costs and what it takes'],
    ['model build embedded --out ./embedded', 'write model.onnx, tokenizer.json and their configs'],
    [
      'model build --twin bge-reranker-v2-m3 --dtype fp16 --out ./twin',
      'random weights at the exact shape, to measure hardware without a download',
    ],
    ['model pull BAAI/bge-reranker-base', 'download a model and build its graph'],
    [
      'model build ./bge-reranker-base --dtype int8 --out ./bge-reranker-base',
      'a graph from model.safetensors, beside it',
    ],
    ['model check embedded', 'ask 70 English and Chinese questions and count the right answers'],
  ],
  options,
  async run(args, context) {
    const { action } = args.positional
    const print = printer(args.json, context)
    switch (action) {
      case 'list':
        list(print, context)
        break
      case 'info':
        info(args, print, context)
        break
      case 'build':
        await build(args, print, context)
        break
      case 'pull':
        await pullAndBuild(args, print, context)
        break
      case 'check':
        return check(args, print, context)
      default:
        throw usageError(
          `There is no \`model ${String(action)}\`: list, info, pull, build or check.`,
        )
    }
    return exitCodes.done
  },
})

type Print = (value: unknown, text: string) => void

function printer(json: boolean, { stdout }: CommandContext): Print {
  return (value, text) => stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`)
}

/** What the arguments name: a twin, a model, or the embedded one. */
function referenceOf({ twin, seed, positional: { name } }: Args) {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw usageError(
      `--seed ${String(seed)} is not possible: give a whole number from 0 to 4294967295.`,
    )
  }
  if (twin !== undefined && typeof name === 'string') {
    throw usageError(`Give a name (${name}) or --twin, not both.`)
  }
  return {
    name: twin ?? (typeof name === 'string' ? name : embeddedName),
    twin: twin !== undefined,
    seed,
  }
}

/** A pulled model is a folder like any other. */
function located(reference: ReturnType<typeof referenceOf>, { environment }: CommandContext) {
  if (reference.twin || reference.name === embeddedName) return reference
  return {
    ...reference,
    name: modelFolder(reference.name, modelCache(environment)) ?? reference.name,
  }
}

function list(print: Print, { environment }: CommandContext): void {
  const models = [
    { name: embeddedName, kind: 'embedded', summary: embeddedSummary },
    ...pulledModels(modelCache(environment)).map(({ name, revision, commit, folder }) => ({
      name: revision === 'main' ? name : `${name}@${revision}`,
      kind: 'pulled',
      summary: `pulled at ${commit.slice(0, 12)} to ${folder}`,
    })),
    ...twinShapes.map(({ name, of }) => ({
      name: `--twin ${name}`,
      kind: 'twin',
      summary: `to build: random weights at the shape of ${of}`,
    })),
  ]
  const table = new Table({ head: ['Model', 'What it is'], style: { head: [], border: [] } })
  table.push(...models.map(({ name, summary }) => [name, summary]))
  print(models, table.toString())
}

function info(args: Args, print: Print, context: CommandContext): void {
  const description = describeModel(located(referenceOf(args), context))
  print(description, textOf(description))
}

function textOf(one: ModelDescription): string {
  const { shape } = one
  const lines = [
    `${one.name}: ${one.summary}`,
    `tokens of a pair: ${String(one.defaultMaximumTokens)} by default, ${String(one.maximumTokens)} at most`,
  ]
  if (shape !== undefined) {
    lines.push(
      `architecture: ${one.architecture ?? ''}, ${String(shape.layers)} layers, hidden size ${String(shape.hiddenSize)}, ${String(shape.heads)} heads, ${formatCount(shape.vocabularySize)} tokens in the vocabulary`,
      `parameters: ${((one.parameters ?? 0) / 1e6).toFixed(1)} million; ${formatCount((one.flopsPerToken ?? 0) / 1e6)} MFLOP a token, in pairs of ${String(one.defaultMaximumTokens)}`,
    )
  }
  lines.push(...one.graphs.map(({ file, dtype, form }) => `graph: ${file}, ${dtype}, ${form}`))
  lines.push(...one.files.map(({ file, bytes }) => `file: ${file} (${formatBytes(bytes)})`))
  return lines.join('\n')
}

async function build(args: Args, print: Print, context: CommandContext): Promise<void> {
  const { out } = args
  if (out === undefined || out === '') {
    throw usageError('Say where to write: `rerankscope model build NAME --out DIR`.')
  }
  const recipe = openRecipe(located(referenceOf(args), context))
  const files = await write(recipe, out, args, context)
  print({ out, files }, `Wrote to ${out}: ${listed(files)}`)
}

async function pullAndBuild(args: Args, print: Print, context: CommandContext): Promise<void> {
  const { name } = args.positional
  const pulled = await pull(typeof name === 'string' ? name : undefined, args.revision, context)
  const { folder, commit } = pulled
  const built = hasSafetensors(folder)
    ? await write(openRecipe({ name: folder, twin: false, seed: 0 }), folder, args, context)
    : []
  const known = new Set(pulled.files.map(({ file }) => file))
  const files = [...pulled.files, ...built.filter(({ file }) => !known.has(file))]
  print(
    { ...pulled, files },
    `Pulled ${pulled.name} at ${commit.slice(0, 12)} to ${folder}: ${listed(files)}`,
  )
}

async function write(
  recipe: ReturnType<typeof openRecipe>,
  directory: string,
  { form, dtype = 'fp32' }: Args,
  { stderr, signal }: CommandContext,
): Promise<readonly WrittenFile[]> {
  const bar = progressBar('Writing', stderr)
  return buildModel({
    recipe,
    dtype: dtypeNames[dtype] ?? 'float32',
    ...{ form, signal, directory },
    onProgress: bar.update,
  }).finally(bar.stop)
}

function listed(files: readonly WrittenFile[]): string {
  return files.map(({ file, bytes }) => `${file} (${formatBytes(bytes)})`).join(', ')
}

async function check(args: Args, print: Print, { stderr, environment }: CommandContext) {
  const { name } = referenceOf(args)
  const dtype = args.dtype === undefined ? undefined : dtypeNames[args.dtype]
  const outcomes = await checkModel(
    name,
    {
      device: args.device,
      cache: modelCache(environment),
      ...(dtype !== undefined && { dtype }),
    },
    { clock: systemClock, log: (line) => stderr.write(`${line}\n`) },
  )
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
