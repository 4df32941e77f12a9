/** What the rows of one batch have in common, or what a sort looks at, in words. */
import type { VisitStory } from '../explain/story.ts'
import { IS_ABSENT } from './absent.ts'
import { printable, valueText } from './text.ts'
import type { Wording } from './wording.ts'

/** Longest value. */
const VALUE_COLUMNS = 48

/** ` for region "north"`; empty if there is no key. */
export function forKey(key: VisitStory['key'], cut: Wording['cut']): string {
  return key === null ? '' : ` for ${keyText(key, cut)}`
}

/** `amount 10 · id 3` */
export function keyText(key: NonNullable<VisitStory['key']>, cut: Wording['cut']): string {
  if (key.kind !== 'known') return `a key that ${IS_ABSENT[key.kind]}`
  const fields = typeof key.value === 'object' && key.value !== null ? Object.entries(key.value) : []
  return fields.map(([field, value]) => `${printable(field)} ${cut(valueText(value), VALUE_COLUMNS)}`).join(' · ')
}
