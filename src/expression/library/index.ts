/** The library as a whole, in the order of its page. A new function is one more spec in one of these groups. */
import { CONVERSIONS } from './conversions.ts'
import { DATES } from './dates.ts'
import { ENCODERS, OTHER_FORMATS } from './encoders.ts'
import { LETTERS } from './letters.ts'
import { LISTS } from './lists.ts'
import { LOCALE_NUMBERS } from './locale-numbers.ts'
import { MACRO_GROUP } from './macros.ts'
import { MAPS, SETS } from './maps.ts'
import { NUMBERS } from './numbers.ts'
import { OPTIONALS } from './optionals.ts'
import { PATTERNS } from './patterns.ts'
import type { FunctionGroup, FunctionSpec } from './spec.ts'
import { TEXTS } from './texts.ts'
import { TIMESTAMPS } from './timestamps.ts'

export const LIBRARY: readonly FunctionGroup[] = [
  MACRO_GROUP,
  CONVERSIONS,
  TEXTS,
  LETTERS,
  PATTERNS,
  NUMBERS,
  LOCALE_NUMBERS,
  LISTS,
  MAPS,
  SETS,
  OPTIONALS,
  DATES,
  TIMESTAMPS,
  OTHER_FORMATS,
  ENCODERS,
]

export const ALL_FUNCTIONS: readonly FunctionSpec[] = LIBRARY.flatMap(({ functions }) => functions)

/** By `name` for global functions, `.name` for those with a receiver, `space.name` for those of a name space. */
export function keysOf({ name, form }: FunctionSpec): readonly string[] {
  if (form === 'both') return [name, `.${name}`]
  return [form === 'method' ? `.${name}` : name]
}
