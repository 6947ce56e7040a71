import { stringify } from 'yaml'
import { behaviorOf, tolerantBehaviorOf } from '../behavior.ts'
import { hpaManifest } from './hpa.ts'
import { deadbandFormula, kedaManifest } from './keda.ts'
import { checkManifestOptions, type ManifestOptions } from './options.ts'
import { adapterRules, recordingRules } from './rules.ts'
import { deadbandSignal, queueSignal, utilizationSignal } from './signals.ts'

/**
 * Every autoscaling manifest by its file name: HPA and ScaledObject, each in both forms, and what
 * carries the figures from Prometheus to the HPA.
 *
 * @throws UserError (usage) for options that Kubernetes would refuse.
 */
export function renderAutoscaling(options: ManifestOptions): ReadonlyMap<string, string> {
  checkManifestOptions(options)
  const { policy } = options
  const queue = queueSignal(options) ?? []
  const utilization = utilizationSignal(options)
  const deadband = deadbandSignal(options)
  const [exact, banded] = [[utilization].concat(queue), [deadband].concat(queue)]
  const [tolerant, plain] = [tolerantBehaviorOf(policy), behaviorOf(policy)]
  const formula = deadbandFormula(policy, exact)
  const recorded = [utilization, deadband].concat(queue)
  return new Map([
    ['hpa-tolerance.yaml', file([hpaHead, toleranceHead], hpaManifest(options, exact, tolerant))],
    ['hpa-deadband.yaml', file([hpaHead], hpaManifest(options, banded, plain))],
    [
      'keda-tolerance.yaml',
      file([kedaHead, toleranceHead], kedaManifest(options, exact, tolerant)),
    ],
    ['keda-deadband.yaml', file([kedaHead], kedaManifest(options, exact, plain, formula))],
    ['recording-rules.yaml', file([rulesHead], recordingRules(options, recorded))],
    ['prometheus-adapter.yaml', file([adapterHead], adapterRules(options, recorded))],
  ])
}

const hpaHead = 'An HPA of Kubernetes. Needs prometheus-adapter.yaml and recording-rules.yaml.'
const kedaHead = 'A ScaledObject of KEDA; 2.18 or later for the fallback of metricType Value.'
const toleranceHead =
  'Needs Kubernetes 1.35; 1.33 and 1.34 with the feature gate HPAConfigurableTolerance.'
const rulesHead =
  'The series that the HPA follows. Without the Prometheus operator: what stands under `spec` is a rule file.'
const adapterHead =
  'For config.yaml of prometheus-adapter. In its Helm chart the list is `rules.external`.'

function file(head: readonly string[], value: unknown): string {
  const lines = ['Generated from the policy. Do not edit: change that.', ...head]
  return `${lines.map((line) => `# ${line}\n`).join('')}${stringify(value, { lineWidth: 0 })}`
}
