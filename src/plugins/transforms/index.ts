/** The built-in transforms. */
import type { PluginSpec } from '../../sdk/spec.ts'
import { extractText } from '../documents/extract-text.ts'
import { coerce } from './coerce.ts'
import { compute } from './compute.ts'
import { explode } from './explode.ts'
import { fetchPage } from './fetch-page.ts'
import { fieldMapper } from './field-mapper.ts'
import { filter } from './filter.ts'
import { http } from './http.ts'
import { keywordFilter } from './keyword-filter.ts'
import { limit } from './limit.ts'
import { lookup } from './lookup.ts'
import { normalise } from './normalise.ts'
import { passthrough } from './passthrough.ts'
import { sample } from './sample.ts'
import { sql } from './sql.ts'
import { truncate } from './truncate.ts'
import { unpivot } from './unpivot.ts'
import { validate } from './validate.ts'

export const transforms: readonly PluginSpec[] = [
  passthrough,
  fieldMapper,
  compute,
  coerce,
  truncate,
  normalise,
  keywordFilter,
  validate,
  filter,
  limit,
  sample,
  explode,
  unpivot,
  lookup,
  sql,
  http,
  fetchPage,
  extractText,
]
