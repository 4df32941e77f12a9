/** The built-in sinks. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { csvSink } from './csv.ts'
import { httpSink } from './http.ts'
import { jsonSink } from './json.ts'
import { jsonlSink } from './jsonl.ts'
import { textSink } from './text.ts'

export const sinks: readonly PluginSpec[] = [csvSink, jsonlSink, jsonSink, textSink, httpSink]
