/** Why a value can't be seen, in words that stand behind what it is: `its data is erased`, `values are withheld`. */
import type { Absent } from '../explain/story.ts'

type Words = { readonly [kind in Absent['kind']]: string }

const LOCKED = 'encrypted with a key that isn’t at hand'
const SHOWN = 'shown: the proof has something else than was recorded'

/** Of one thing. */
export const IS_ABSENT: Words = {
  erased: 'is erased',
  unreadable: `is ${LOCKED}`,
  withheld: 'is withheld',
  altered: `isn’t ${SHOWN}`,
}

/** Of several. */
export const ARE_ABSENT: Words = {
  erased: 'are erased',
  unreadable: `are ${LOCKED}`,
  withheld: 'are withheld',
  altered: `aren’t ${SHOWN}`,
}
