/**
 * Whether one value tells what is in another: a field of the same name with the same value, at whatever depth, or a text or a number of
 * four characters or more that stands somewhere in it.
 *
 * REPEATS-1. It finds too much rather than too little: case doesn't count, and a text is found within a longer one.
 * REPEATS-2. What is said in other words, or worked out of it, isn't found: a sum, a label, an abbreviation, a number of three digits in a field
 *     of another name.
 */
import { isObject, type Json } from '../../model/row.ts'

/** A text or a number that is shorter says little by itself. */
const TELLING_UNITS = 4

interface Leaf {
  /** Of the field that it is in; empty if it is in none. */
  readonly field: string
  readonly value: string | number | boolean
}

/** Names of fields of `secret` that `shown` repeats, in order, each once; the name is empty where what is repeated is in no field. */
export function repeatedFields(secret: Json, shown: Json): readonly string[] {
  const leaves = [...leavesOf(shown)]
  const same = new Set(leaves.map(keyOf))
  const texts = [...leaves.flatMap(({ field, value }) => [field, String(value)])].map(folded).join('\n')
  const fields = new Set<string>()
  for (const leaf of leavesOf(secret)) {
    const text = typeof leaf.value === 'boolean' ? '' : folded(String(leaf.value))
    if (same.has(keyOf(leaf)) || (text.length >= TELLING_UNITS && texts.includes(text))) fields.add(leaf.field)
  }
  return [...fields]
}

const keyOf = ({ field, value }: Leaf) => JSON.stringify([field, value])
const folded = (text: string) => text.normalize('NFC').toLowerCase()

/** Of fields that are null or empty nothing can be repeated. */
function* leavesOf(value: Json, field = ''): Iterable<Leaf> {
  if (value === null || value === '') return
  // cast: Array.isArray doesn't see that a list that can't be changed is one.
  if (Array.isArray(value)) for (const each of value as readonly Json[]) yield* leavesOf(each, field)
  else if (isObject(value)) for (const [name, each] of Object.entries(value)) yield* leavesOf(each, name)
  else if (typeof value !== 'object') yield { field, value }
}
