/** The built-in sinks. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { parquetSink } from '../parquet/parquet-sink.ts'
import { excelSink } from '../workbooks/excel-sink.ts'
import { csvSink } from './csv.ts'
import { httpSink } from './http.ts'
import { jsonSink } from './json.ts'
import { jsonlSink } from './jsonl.ts'
import { sqlSinks } from './sql/sinks.ts'
import { textSink } from './text.ts'

export const sinks: readonly PluginSpec[] = [
  csvSink,
  jsonlSink,
  jsonSink,
  textSink,
  excelSink,
  parquetSink,
  httpSink,
  ...sqlSinks,
]
