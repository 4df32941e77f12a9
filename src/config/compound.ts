/** Parts of a file that are made of others: objects, maps and lists, with the words that say what they are. */
import { z } from 'zod'
import { refuseKey } from './names.ts'
import { isRequired, type KeyForm, ownIssue, type Words, words } from './part.ts'

/** It may be empty, as may a map or a list, if it needs nothing. */
export const object = <T extends { readonly [key: string]: z.ZodType }>(what: string, shape: T, more: Words = {}) =>
  z.strictObject(shape).register(words, { what, empty: !Object.values(shape).some(isRequired), ...more })

/** A check runs although parts of a value are wrong, if it is a map, or a list, at all. */
const ifIt = (is_one: (value: unknown) => boolean) => ({
  when: ({ value }: z.core.ParsePayload) => is_one(value),
})

/** Its keys are chosen by users, and may be any: an object would lose their order, and `__proto__`. */
export const map = <T extends z.ZodType>(item: string, keys: KeyForm, least: 0 | 1, of: T) =>
  z
    .map(z.string(), of)
    .min(least)
    .superRefine(
      (entries, { addIssue }) => {
        for (const key of entries.keys()) {
          const refusal = refuseKey(key, keys, item)
          if (refusal !== null) addIssue(ownIssue(key, refusal))
        }
      },
      ifIt(value => value instanceof Map),
    )
    .register(words, { item, keys, empty: least === 0 })

export const list = <T extends z.ZodType>(item: string, least: 0 | 1, of: T) =>
  z
    .array(of)
    .min(least)
    .register(words, { item, empty: least === 0 })

/** A list of texts, each of which may stand once. */
export const distinct = (item: string, least: 0 | 1, of: z.ZodString) =>
  list(item, least, of)
    .superRefine((items, { addIssue }) => {
      const code = item === 'branch' ? 'CUSTODY_DUPLICATE_BRANCH' : 'CUSTODY_BAD_VALUE'
      for (const [index, each] of items.entries()) {
        // What isn’t a text is reported as such.
        if (typeof each !== 'string' || items.indexOf(each) === index) continue
        const message = `${item} \`${each}\` stands twice in this list`
        addIssue(ownIssue(index, { code, message }))
      }
    }, ifIt(Array.isArray))
    .register(words, { unique: true })
