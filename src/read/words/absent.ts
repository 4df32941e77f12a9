/** Why a value can't be seen, in words that stand behind what it is: `its data is erased`, `values are withheld`. */
import type { Absent } from '../explain/story.ts'

type Words = { readonly [kind in Absent['kind']]: string }

/** Of one thing. */
export const IS_ABSENT: Words = {
  erased: 'is erased',
  withheld: 'is withheld',
  altered: 'isn’t shown: the proof has something else than was recorded',
}

/** Of several. */
export const ARE_ABSENT: Words = {
  erased: 'are erased',
  withheld: 'are withheld',
  altered: 'aren’t shown: the proof has something else than was recorded',
}
