/** The texts in a value: what `text` and `field=value` are compared with. */
import { isObject, type Json } from '../model/row.ts'

/** A text, number, true, false or null in a value, as text; `path` has the names of the fields around it, and none for the elements of lists. */
export type TellLeaf = (path: string, text: string) => void

/** Tells each. `path` is that of the value itself, '' for a row. */
export function eachLeaf(value: Json | undefined, path: string, tell: TellLeaf): void {
  if (typeof value === 'string') tell(path, value)
  else if (isObject(value))
    for (const [name, each] of Object.entries(value)) eachLeaf(each, path === '' ? name : `${path}.${name}`, tell)
  else if (Array.isArray(value)) {
    const elements: readonly Json[] = value
    for (const each of elements) eachLeaf(each, path, tell)
  } else tell(path, String(value))
}
