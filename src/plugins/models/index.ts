/** The built-in transforms that ask language models. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { classify } from './classify.ts'
import { llm } from './llm.ts'

export const models: readonly PluginSpec[] = [llm, classify]
