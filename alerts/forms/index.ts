import { alertmanager } from './alertmanager.ts'
import type { AlertForm } from './form.ts'
import { grafana } from './grafana.ts'
import { prometheus } from './prometheus.ts'
import { prometheusRule } from './prometheusrule.ts'

/** Every form of the rules. One more = one file and one line here. */
export const forms: readonly [AlertForm, ...AlertForm[]] = [
  prometheus,
  prometheusRule,
  grafana,
  alertmanager,
]
