import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { systemClock } from '../core/clock.ts'
import { exitCodes, usageError } from '../core/errors.ts'
import { bytesPerMib } from '../core/units.ts'
import type { SidecarOptions } from '../sidecar/index.ts'
import { addressOf } from './address.ts'
import { defineCommand } from './command.ts'
import { readPolicy } from './policy-file.ts'
import { readYaml } from './yaml-file.ts'

const maximumIntervalSeconds = 60
/** The slow pass takes the driver far longer than a row of the loop. */
const minimumInventorySeconds = 10

export const sidecar = defineCommand({
  usage: 'sidecar',
  summary: 'Watch a GPU and the reranker on it: metrics, health and guidance in one place',
  examples: [
    ['sidecar --target http://127.0.0.1:8080', 'watch the reranker on port 8080 and its GPU'],
    ['sidecar --gpu nvidia-smi --server none', 'watch the GPUs alone'],
    ['sidecar --target http://127.0.0.1:8080 --web-config web.yml', 'with TLS and passwords'],
    [
      'sidecar --target http://127.0.0.1:8080 --proxy 127.0.0.1:8081 --record traffic.jsonl',
      'count and record what clients ask on port 8081',
    ],
    [
      'sidecar --target http://127.0.0.1:8000 --metrics http://127.0.0.1:8002/metrics --model bge',
      'a Triton that serves several models',
    ],
  ],
  options: {
    target: { type: 'string', describe: 'URL of the reranker to watch' },
    server: {
      type: 'string',
      default: 'auto',
      describe:
        'What the reranker is: auto (found by its metrics), rerankscope, tei, vllm, triton, xinference, llamacpp, infinity, generic:FILE (a map of metrics), none',
    },
    metrics: {
      type: 'string',
      describe: 'URL of its metrics, as http://127.0.0.1:8002/metrics for Triton',
      defaultDescription: '/metrics of the target',
    },
    model: {
      type: 'string',
      describe: 'Which model to watch, where the target serves several',
    },
    gpu: {
      type: 'string',
      default: 'auto',
      describe:
        'Where GPU figures come from: auto, nvidia-smi, emulated (the reference server stands in), dcgm:URL (page of dcgm-exporter or Triton), replay:FILE, none',
    },
    'gpu-devices': {
      type: 'string',
      describe: 'The GPUs of the reranker, by index or uuid, as 0,1',
      defaultDescription: 'found by its environment and processes, else all',
    },
    listen: {
      type: 'string',
      default: '127.0.0.1:9464',
      describe: 'HOST:PORT of /metrics and /status; port 0 is any free one',
    },
    proxy: {
      type: 'string',
      describe:
        'HOST:PORT of a proxy before the target, for servers whose metrics say too little; clients then ask there',
    },
    record: {
      type: 'string',
      describe: 'File for what passes the proxy (times and lengths), for load --profile FILE',
    },
    'record-texts': {
      type: 'boolean',
      default: false,
      describe: 'Record the texts of queries and documents as well',
    },
    'record-mib': { type: 'number', default: 1024, describe: 'Size of the recording, at most' },
    interval: { type: 'number', default: 1, describe: 'Seconds between two readings, from 0.25' },
    inventory: {
      type: 'number',
      default: 60,
      describe:
        'Seconds between two readings of what changes seldom (MIG, processes, ECC), from 10; 0 is never',
    },
    policy: { type: 'string', describe: 'YAML file whose keys replace numbers of the policy' },
    otlp: {
      type: 'string',
      describe:
        'URL of an OpenTelemetry collector to push to as well; without it OTEL_EXPORTER_OTLP_ENDPOINT counts',
    },
    'otlp-protocol': {
      type: 'string',
      describe: 'How to push: http/protobuf or grpc',
      defaultDescription: 'OTEL_EXPORTER_OTLP_PROTOCOL, else http/protobuf',
    },
    'otel-hw-metrics': {
      type: 'boolean',
      default: false,
      describe: "Push OpenTelemetry's own hw.gpu.* names as well; they are still in development",
    },
    'web-config': {
      type: 'string',
      describe:
        'YAML file with TLS, client certificates and users, as Prometheus and its exporters take it',
    },
    'nvidia-smi': {
      type: 'string',
      default: 'nvidia-smi',
      describe: 'The nvidia-smi program, by name or path, or a command: "ssh HOST nvidia-smi"',
    },
    json: { type: 'boolean', default: false, describe: 'Print one JSON line once listening' },
  },
  async run(args, context) {
    // The proxy's work comes with every request: it is worth being compiled.
    if (args.proxy !== undefined)
      for (const flag of ['--opt', '--sparkplug', '--parallel-scavenge']) setFlagsFromString(flag)
    // Loaded here: the programs of other commands must not weigh on this one's memory.
    const { minimumIntervalSeconds, startSidecar } = await import('../sidecar/index.ts')
    const { target, server, gpu, interval } = args
    if (!(interval >= minimumIntervalSeconds && interval <= maximumIntervalSeconds)) {
      throw usageError(
        `--interval must be from ${String(minimumIntervalSeconds)} to ${String(maximumIntervalSeconds)} seconds.`,
      )
    }
    if (args.inventory !== 0 && !(args.inventory >= minimumInventorySeconds)) {
      throw usageError(
        `--inventory must be ${String(minimumInventorySeconds)} seconds or more, or 0 for never.`,
      )
    }
    checkCombination(args)
    const running = await startSidecar(
      {
        target,
        metrics: args.metrics,
        model: args.model,
        server,
        gpu,
        listen: addressOf('listen', args.listen),
        proxy: args.proxy === undefined ? undefined : addressOf('proxy', args.proxy),
        record:
          args.record === undefined
            ? undefined
            : {
                file: args.record,
                texts: args['record-texts'],
                maximumBytes: args['record-mib'] * bytesPerMib,
              },
        intervalSeconds: interval,
        inventorySeconds: args.inventory,
        gpuDevices: args['gpu-devices']?.split(',').map((each) => each.trim()),
        policy: await readPolicy(args.policy),
        otlp: args.otlp,
        otlpProtocol: args['otlp-protocol'],
        hardwareNames: args['otel-hw-metrics'],
        web: webConfigOf(args['web-config']),
        nvidiaSmi: args['nvidia-smi'],
        environment: context.environment,
        version: context.version,
        onTrouble: (sentence) => context.stderr.write(`rerankscope sidecar: ${sentence}\n`),
      },
      systemClock,
    )
    context.stdout.write(
      args.json
        ? `${JSON.stringify({ event: 'listening', url: running.url, proxyUrl: running.proxyUrl })}\n`
        : `rerankscope sidecar: listening on ${running.url}${running.proxyUrl === undefined ? '' : `, proxy on ${running.proxyUrl}`}\n`,
    )
    if (!context.signal.aborted) await once(context.signal, 'abort')
    await running.stop()
    return exitCodes.done
  },
})

function webConfigOf(path: string | undefined): SidecarOptions['web'] {
  return path === undefined ? undefined : { path, read: () => readYaml('--web-config', path) }
}

/** What makes no sense together. Throws a `UserError`. */
function checkCombination(args: {
  readonly target: string | undefined
  readonly metrics: string | undefined
  readonly server: string
  readonly gpu: string
  readonly listen: string
  readonly proxy: string | undefined
  readonly record: string | undefined
  readonly 'record-texts': boolean
  readonly 'record-mib': number
}): void {
  const { target, server, gpu, proxy, record } = args
  if (target === undefined && args.metrics !== undefined) {
    throw usageError(
      '--metrics says where the figures of a reranker are: name it with --target URL.',
    )
  }
  if (target === undefined && proxy !== undefined) {
    throw usageError('--proxy stands before a reranker: name it with --target URL.')
  }
  if (target === undefined && (server !== 'none' || gpu === 'emulated')) {
    throw usageError(
      'Name the reranker with --target URL, or watch GPUs alone with --server none --gpu nvidia-smi.',
    )
  }
  if (server === 'none' && gpu === 'none' && proxy === undefined) {
    throw usageError('--server none and --gpu none leave nothing to watch.')
  }
  if (proxy !== undefined && proxy === args.listen && !proxy.endsWith(':0')) {
    throw usageError('--proxy and --listen are the same address: give each its own port.')
  }
  if (proxy === undefined && record !== undefined) {
    throw usageError('--record writes down what passes the proxy: give --proxy HOST:PORT as well.')
  }
  if (record === undefined && args['record-texts']) {
    throw usageError('--record-texts needs --record FILE.')
  }
  if (!(args['record-mib'] > 0)) throw usageError('--record-mib must be more than 0.')
}
