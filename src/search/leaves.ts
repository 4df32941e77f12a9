/** The texts in a value: what `text` and `field=value` are compared with. */
import type { Json } from '../model/row.ts'

/** A text, number, true, false or null in a value, as text; `path` has the names of the fields around it, and none for the elements of lists. */
export type TellLeaf = (path: string, text: string) => void

/** Tells of each. `path` is that of the value itself, '' for a row. */
export function eachLeaf(value: Json | undefined, path: string, tell: TellLeaf): void {
  if (typeof value === 'string') tell(path, value)
  else if (typeof value !== 'object' || value === null) tell(path, String(value))
  else if (Array.isArray(value)) for (const each of value) eachLeaf(each as Json, path, tell)
  else
    for (const [name, each] of Object.entries(value))
      eachLeaf(each as Json, path === '' ? name : `${path}.${name}`, tell)
}
