/** What tokens are called in a story. */
import { grouped as count } from '../../model/number-text.ts'
import { idText } from '../../model/part-ids.ts'
import type { Partner } from '../explain/partners.ts'
import type { TokenStory } from '../explain/story.ts'
import { printable } from './text.ts'

/** A name, and what is said of it behind that. */
export interface Named {
  readonly name: string
  readonly rest: string
}

export function tokenNamed(token: TokenStory): Named {
  const name = `Token ${idText(token.token)}`
  const { born_of } = token
  if (token.branch !== null) return { name, rest: `, branch ${printable(token.branch)}` }
  return { name, rest: born_of === null ? '' : `, ${bornText(token, born_of)}` }
}

function bornText({ parents, right }: TokenStory, born_of: NonNullable<TokenStory['born_of']>): string {
  const node = printable(born_of.node)
  switch (born_of.kind) {
    case 'expand':
      return `part ${count(born_of.ordinal + 1)} of what ${node} made of ${parentsText(parents)}`
    case 'join':
      return `joined at ${node} of token ${idText(parents[0] ?? 0)} and ${partnerText(right, parents[1])}`
    case 'merge':
      return `merged at ${node} from ${parentsText(parents)}`
    default:
      return `made at ${node} from ${parents.length === 0 ? 'a batch' : parentsText(parents)}`
  }
}

/** `token 6 of row 6`. */
export function partnerText(partner: Partner | null, token = partner?.token ?? 0): string {
  const of =
    partner?.row != null
      ? ` of row ${idText(partner.row)}`
      : partner?.batch != null
        ? ` of batch ${idText(partner.batch)}`
        : ''
  return `token ${idText(token)}${of}`
}

/** `token 3`, `tokens 3, 4`. */
function parentsText(parents: readonly number[]): string {
  return `${parents.length === 1 ? 'token' : 'tokens'} ${parentList(parents)}`
}

export function parentList(parents: readonly number[]): string {
  const shown = parents.slice(0, 10).map(idText).join(', ')
  return parents.length > 10 ? `${shown} and ${count(parents.length - 10)} more` : shown
}
