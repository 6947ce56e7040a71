/** Autoscaling: manifests from the policy, and what an HPA would do with a load. */
export { deadbandCaveats } from './behavior.ts'
export { renderAutoscaling } from './manifests/index.ts'
export {
  checkManifestOptions,
  manifestDefaults,
  manifestOptionsOf,
  secondMetrics,
  type ManifestOptions,
} from './manifests/options.ts'
export { signalSecondsOf } from './manifests/signals.ts'
export { renderHtml } from './report/html.ts'
export { renderJson, type Comparison } from './report/json.ts'
export { renderText } from './report/text.ts'
export { forms } from './simulate/forms.ts'
export { loadGrammar, parseLoad } from './simulate/generated.ts'
export { fullRatio, multiplied, repeated, stepwise, type Load } from './simulate/load.ts'
export { notesOf } from './simulate/notes.ts'
export { prometheusLoad } from './simulate/prometheus.ts'
export { simulate, type SimulationOptions } from './simulate/simulate.ts'
