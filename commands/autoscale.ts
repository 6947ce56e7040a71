import { autoscaling } from '../alerts/index.ts'
import { exitCodes, usageError } from '../core/errors.ts'
import { simulateLoad, simulationOptions } from './autoscale-simulate.ts'
import { defineCommand } from './command.ts'
import { exportFiles } from './export.ts'
import { readPolicy } from './policy-file.ts'

const { manifestDefaults, secondMetrics } = autoscaling

export const autoscale = defineCommand({
  usage: 'autoscale <action>',
  summary:
    'Export HPA and KEDA manifests made from the policy, or simulate what they would do with a load (action: export, simulate)',
  examples: [
    ['autoscale export --out autoscaling/ --namespace rag --max-replicas 8', 'every manifest'],
    ['autoscale simulate --load constant:85%', 'the flat load at which AverageValue flaps'],
    ['autoscale simulate --load day:0.2..3 --out day.html', 'a day, as a page with charts'],
    [
      'autoscale simulate --prometheus http://127.0.0.1:9090 --from 7d',
      'what each form would have done last week',
    ],
  ],
  options: {
    out: {
      type: 'string',
      describe: 'export: the folder to write to. simulate: an .html file to write as well',
    },
    policy: { type: 'string', describe: 'A YAML file with numbers that replace the policy' },
    namespace: {
      type: 'string',
      default: manifestDefaults.namespace,
      describe: 'The namespace of the reranker',
    },
    deployment: {
      type: 'string',
      default: manifestDefaults.deployment,
      describe: 'export: the Deployment to scale',
    },
    job: {
      type: 'string',
      default: manifestDefaults.job,
      describe: 'The job label under which the sidecars are scraped',
    },
    'min-replicas': {
      type: 'number',
      default: manifestDefaults.minReplicas,
      describe: 'Fewest replicas, 1 or more',
    },
    'max-replicas': {
      type: 'number',
      default: manifestDefaults.maxReplicas,
      describe: 'Most replicas: the GPUs you have',
    },
    'fallback-replicas': {
      type: 'number',
      describe: 'export: replicas that KEDA keeps at least while Prometheus does not answer',
      defaultDescription: '--min-replicas',
    },
    'second-metric': {
      choices: secondMetrics,
      default: manifestDefaults.secondMetric,
      describe:
        'Where queue per compute comes from: the sidecar, Triton’s own counters, or no second metric',
    },
    'triton-job': {
      type: 'string',
      default: manifestDefaults.tritonJob,
      describe: 'export: the job label under which Triton itself is scraped',
    },
    'triton-model': {
      type: 'string',
      describe: 'export: the model of Triton whose queue counts',
      defaultDescription: 'all',
    },
    prometheus: {
      type: 'string',
      describe: `export: where KEDA finds Prometheus. simulate: the Prometheus to take the load from`,
      defaultDescription: `export: ${manifestDefaults.prometheus}`,
    },
    ...simulationOptions,
  },
  async run(args, context) {
    const policy = await readPolicy(args.policy)
    const manifests = autoscaling.manifestOptionsOf(policy, {
      deployment: args.deployment,
      namespace: args.namespace,
      job: args.job,
      minReplicas: args['min-replicas'],
      maxReplicas: args['max-replicas'],
      fallbackReplicas: args['fallback-replicas'],
      secondMetric: args['second-metric'],
      tritonJob: args['triton-job'],
      tritonModel: args['triton-model'],
      prometheus: args.prometheus,
    })
    const action = String(args.positional['action'])
    if (action === 'simulate') {
      await simulateLoad({ ...args, manifests }, context)
      return exitCodes.done
    }
    if (action !== 'export') {
      throw usageError(`There is no \`autoscale ${action}\`: say export or simulate.`)
    }
    exportFiles(args.out, [...autoscaling.renderAutoscaling(manifests)], context)
    for (const caveat of autoscaling.deadbandCaveats(policy)) context.stderr.write(`${caveat}\n`)
    return exitCodes.done
  },
})
