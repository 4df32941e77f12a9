/** The built-in sources. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { filesSource } from '../documents/files.ts'
import { parquetSource } from '../parquet/parquet-source.ts'
import { excelSource } from '../workbooks/excel-source.ts'
import { csvSource } from './csv.ts'
import { databaseSources } from './databases.ts'
import { httpSource } from './http.ts'
import { jsonSource } from './json.ts'
import { jsonlSource } from './jsonl.ts'
import { textSource } from './text.ts'

export const sources: readonly PluginSpec[] = [
  csvSource,
  jsonlSource,
  jsonSource,
  textSource,
  filesSource,
  excelSource,
  parquetSource,
  ...databaseSources,
  httpSource,
]
