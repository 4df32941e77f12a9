/** Where two stories parted, in words. */
import { grouped as count } from '../../model/number-text.ts'
import type { Parting } from '../diff/difference.ts'
import { printable } from './text.ts'

/** `tier: micro → review`, `enrich changed score (another answer)`. */
export function partingText({ node, kind, old: before, new: after, to, fields, because }: Parting): string {
  const name = printable(node)
  const why = because === null ? '' : because === 'answer' ? ' (another answer)' : ' (another request)'
  switch (kind) {
    case 'value':
      return `${name} changed ${fields.map(printable).join(', ') || 'the value'}${why}`
    case 'members':
      return `${name}: other members`
    case 'rows':
      return `${name} made ${count(Number(before))} → ${count(Number(after))} tokens${why}`
    default:
      return `${name}: ${wayText(before, to.old, kind)} → ${wayText(after, to.new, kind)}${why}`
  }
}

/** `true (credit)`. The label of an ordinary edge says nothing; nor does where an error led, beside the error. */
function wayText(way: string | null, to: string | null, kind: Parting['kind']): string {
  if (way === 'to') return kind === 'way' && to !== null ? printable(to) : 'went on'
  const label = printable(way ?? '?')
  return kind === 'error' || to === null || to === way ? label : `${label} (${printable(to)})`
}
