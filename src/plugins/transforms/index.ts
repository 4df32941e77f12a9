/** The built-in transforms. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { coerce } from './coerce.ts'
import { compute } from './compute.ts'
import { explode } from './explode.ts'
import { fetchPage } from './fetch-page.ts'
import { fieldMapper } from './field-mapper.ts'
import { filter } from './filter.ts'
import { http } from './http.ts'
import { keywordFilter } from './keyword-filter.ts'
import { lookup } from './lookup.ts'
import { passthrough } from './passthrough.ts'
import { truncate } from './truncate.ts'

export const transforms: readonly PluginSpec[] = [
  passthrough,
  fieldMapper,
  compute,
  coerce,
  truncate,
  keywordFilter,
  filter,
  explode,
  lookup,
  http,
  fetchPage,
]
