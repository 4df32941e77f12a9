/** The ending of a token that a transform expanded into a group. A pure function. */
import { type Ending, fateNumber } from '../../model/outcome.ts'

const EXPANDED = fateNumber('EXPANDED', 'expand')

export function expanded(token: number, node: number, group: number): Ending {
  return { fate: EXPANDED, token, node, sink: 0, group, error: null }
}
