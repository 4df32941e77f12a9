/** The built-in sources. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { csvSource } from './csv.ts'
import { jsonSource } from './json.ts'
import { jsonlSource } from './jsonl.ts'
import { textSource } from './text.ts'

export const sources: readonly PluginSpec[] = [csvSource, jsonlSource, jsonSource, textSource]
