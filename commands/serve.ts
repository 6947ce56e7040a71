import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { dialects } from '../core/dialects/index.ts'
import { exitCodes, messageOf, usageError } from '../core/errors.ts'
import { truncationStrategies } from '../core/rerank.ts'
import { bytesPerMib } from '../core/units.ts'
import {
  logFormats,
  serverLog,
  startServer,
  startTracing,
  type Tracing,
} from '../reference-server/index.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { modelCache } from './model-cache.ts'

export const serve = defineCommand({
  usage: 'serve',
  summary: 'Run the reference reranker server',
  examples: [
    ['serve', 'the embedded model on http://127.0.0.1:8080'],
    ['serve --prefer-dialect jina', 'answer /v1/rerank as Jina does where the body leaves it open'],
    ['serve --model ./bge-reranker-base --device auto', 'an ONNX export in a directory'],
  ],
  options: {
    model: {
      type: 'string',
      default: 'embedded',
      describe: 'embedded, a folder with model.onnx, or the name of a pulled model (`model pull`)',
    },
    device: {
      type: 'string',
      default: 'auto',
      describe: 'auto (CUDA where it works, else CPU), cuda, cpu, or GPUs by number: cuda:0,cuda:1',
    },
    'require-device': {
      type: 'boolean',
      default: false,
      describe: 'With auto: fail when no GPU can be used, at the start and after a restart',
    },
    dtype: {
      type: 'string',
      default: 'auto',
      describe: "Number format of the graph: fp32, fp16, int8, or auto for the model's own",
    },
    'max-length': {
      type: 'number',
      describe: 'Tokens a pair is cut to',
      defaultDescription: "the model's own",
    },
    truncation: {
      choices: truncationStrategies,
      default: 'longest_first' as const,
      describe: 'What becomes of a pair that is too long, unless the request says otherwise',
    },
    'prefer-dialect': {
      choices: dialects.map(({ name }) => name),
      array: true,
      requiresArg: true,
      describe: 'Whose a request is that several formats could have written',
      defaultDescription: 'their order',
    },
    'served-model-name': {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Names of the model that a request may give; others are 404',
      defaultDescription: 'any name',
    },
    'api-key-file': {
      type: 'string',
      describe: 'A file of keys, one a line; a rerank request must bring one',
      defaultDescription: 'none needed',
    },
    host: { type: 'string', default: '127.0.0.1', describe: 'Address to listen on' },
    port: { type: 'number', default: 8080, describe: 'Port to listen on; 0: any free one' },
    'max-batch-tokens': {
      type: 'number',
      describe: 'Tokens of a batch, padding included',
      defaultDescription: '4096 on the CPU, 16384 on a GPU',
    },
    'batch-size': {
      type: 'number',
      describe: 'Pairs of a batch, whatever their lengths',
      defaultDescription: 'what --max-batch-tokens holds',
    },
    'max-requests': {
      type: 'number',
      default: 1024,
      describe: 'Requests accepted at once; one beyond that is refused whole with 429',
    },
    'max-pairs': {
      type: 'number',
      default: 4096,
      describe: 'Pairs accepted at once; a request beyond that is refused whole with 429',
    },
    'max-queued-tokens': {
      type: 'number',
      describe: 'Tokens accepted at once, likewise',
      defaultDescription: 'no limit beside --max-pairs',
    },
    'max-queued-mib': {
      type: 'number',
      default: 512,
      describe:
        'Memory for the texts accepted at once, likewise, and for the bodies arriving at once, in MiB',
    },
    'max-documents': { type: 'number', default: 1000, describe: 'Documents in one request' },
    'max-body-mib': { type: 'number', default: 20, describe: 'Size of one request, in MiB' },
    'cache-mib': {
      type: 'number',
      default: 64,
      describe: 'Memory for the tokens of documents seen before, in MiB; 0: none',
    },
    'score-cache-mib': {
      type: 'number',
      default: 0,
      describe:
        'Memory for the scores of pairs seen before, in MiB; 0: none, so that load tests measure',
    },
    'tokenizer-workers': {
      type: 'number',
      describe: 'Threads that tokenise',
      defaultDescription: 'one for each four cores',
    },
    threads: {
      type: 'number',
      describe: 'Threads of each inference process',
      defaultDescription: 'half of the cores, shared',
    },
    'hang-seconds': {
      type: 'number',
      default: 300,
      describe: 'A batch that takes longer hangs: its process is started again; 0: wait for ever',
    },
    'drain-seconds': {
      type: 'number',
      default: 10,
      describe: 'On shutdown, how long accepted requests may still take',
    },
    otlp: {
      type: 'string',
      describe: 'Send a trace of each request to this collector, as in http://127.0.0.1:4318',
    },
    'log-format': {
      choices: logFormats,
      default: 'text' as const,
      describe: 'json: one object a line, for each request too; never any text of it',
    },
    json: { type: 'boolean', default: false, describe: 'Say where it listens as one JSON line' },
  },
  async run(args, { signal, stdout, stderr, version, environment }) {
    checkNumbers(args)
    const write = (line: string) => stderr.write(`${line}\n`)
    const { log, onRequest } = serverLog(args['log-format'], write, systemClock)
    const tracing = await tracingOf({ url: args.otlp, environment, version, log })
    const server = await startServer(
      {
        model: args.model,
        modelCache: modelCache(environment),
        device: args.device,
        requireDevice: args['require-device'],
        truncation: args.truncation,
        dtype: args.dtype,
        ...(args['max-length'] !== undefined && { maximumTokens: args['max-length'] }),
        preferredDialects: args['prefer-dialect'] ?? [],
        servedNames: args['served-model-name'] ?? [],
        apiKeys: args['api-key-file'] === undefined ? [] : keysIn(args['api-key-file']),
        host: args.host,
        port: args.port,
        ...(args['max-batch-tokens'] !== undefined && {
          maximumBatchTokens: args['max-batch-tokens'],
        }),
        ...(args['batch-size'] !== undefined && { batchPairs: args['batch-size'] }),
        maximumRequests: args['max-requests'],
        maximumPairs: args['max-pairs'],
        ...(args['max-queued-tokens'] !== undefined && {
          maximumQueuedTokens: args['max-queued-tokens'],
        }),
        maximumQueuedBytes: args['max-queued-mib'] * bytesPerMib,
        maximumDocuments: args['max-documents'],
        maximumBodyBytes: args['max-body-mib'] * bytesPerMib,
        cacheBytes: args['cache-mib'] * bytesPerMib,
        scoreCacheBytes: args['score-cache-mib'] * bytesPerMib,
        ...(args['tokenizer-workers'] !== undefined && {
          tokeniserWorkers: args['tokenizer-workers'],
        }),
        ...(args.threads !== undefined && { threads: args.threads }),
        ...(args['hang-seconds'] > 0 && { hangSeconds: args['hang-seconds'] }),
        drainSeconds: args['drain-seconds'],
        version,
      },
      {
        clock: systemClock,
        log,
        onRequest: (record) => {
          tracing?.observe(record)
          onRequest?.(record)
        },
      },
    )
    const { url, info, summary } = server
    stdout.write(
      args.json
        ? `${JSON.stringify({ event: 'listening', url })}\n`
        : `${info.model} (${summary}) on ${info.device ?? ''}, listening on ${url}\n`,
    )
    if (!signal.aborted) await once(signal, 'abort')
    await server.close()
    await tracing?.shutdown()
    return exitCodes.done
  },
})

/** Throws a `UserError` when the file cannot be read or holds no key: a server that asks for none is no answer. */
function keysIn(path: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw usageError(`--api-key-file ${path} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  const keys = text.split('\n').flatMap((line) => line.trim() || [])
  if (keys.length === 0) throw usageError(`--api-key-file ${path} holds no key: write one a line.`)
  if (keys.some((key) => /\s/.test(key))) {
    throw usageError(`--api-key-file ${path} holds a key with a space: write one a line.`)
  }
  return keys
}

/** Traces are sent when `--otlp` or OpenTelemetry's own variables name a collector. */
async function tracingOf({
  url,
  environment,
  ...options
}: {
  readonly url: string | undefined
  readonly environment: CommandContext['environment']
  readonly version: string
  readonly log: (line: string) => void
}): Promise<Tracing | undefined> {
  const isOn = (name: string) => (environment[name] ?? '') !== ''
  const named = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some(isOn)
  const off =
    environment['OTEL_SDK_DISABLED'] === 'true' || environment['OTEL_TRACES_EXPORTER'] === 'none'
  if (off || (url === undefined && !named)) return undefined
  return startTracing({ ...options, clock: systemClock, ...(url !== undefined && { url }) })
}

/** Smallest and largest whole number that an option takes. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  port: [0, 65535],
  'max-length': [1, Number.MAX_SAFE_INTEGER],
  'max-batch-tokens': [1, Number.MAX_SAFE_INTEGER],
  'batch-size': [1, 4096],
  'max-requests': [1, Number.MAX_SAFE_INTEGER],
  'max-queued-tokens': [1, Number.MAX_SAFE_INTEGER],
  'max-queued-mib': [1, 1_000_000],
  'score-cache-mib': [0, 1_000_000],
  'max-pairs': [1, Number.MAX_SAFE_INTEGER],
  'max-documents': [1, Number.MAX_SAFE_INTEGER],
  'max-body-mib': [1, 512],
  'cache-mib': [0, 1_000_000],
  'tokenizer-workers': [1, 256],
  threads: [1, 1024],
  'hang-seconds': [0, 86_400],
  'drain-seconds': [0, 86_400],
}

function checkNumbers(args: Readonly<Record<string, unknown>>): void {
  for (const [option, [least, most]] of Object.entries(ranges)) {
    const value = args[option]
    if (typeof value !== 'number') continue
    if (Number.isInteger(value) && value >= least && value <= most) continue
    const bound = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${String(most)}`
    throw usageError(
      `--${option} ${String(value)} is not possible: give a whole number from ${String(least)} ${bound}.`,
    )
  }
}
