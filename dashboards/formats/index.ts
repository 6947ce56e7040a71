import { api } from './api.ts'
import { configmap } from './configmap.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'
import { provisioning } from './provisioning.ts'

/** Every format, the default first. One more = one file and one line here. */
export const formats: readonly Format[] = [json, provisioning, configmap, api]
