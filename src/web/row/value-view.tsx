/** One value of the data: short ones on their line, others as JSON that can be opened. */
import { valueText } from '../../read/words/text.ts'
import { JsonView, LongText } from '../parts/json-view.tsx'

/** Of a list or an object that is read at a glance, in characters. */
const SHORT = 72

export function ValueView({ value }: { readonly value: unknown }) {
  if (typeof value === 'string') return <LongText text={value} />
  const text = valueText(value)
  if (typeof value === 'object' && value !== null && text.length > SHORT) return <JsonView value={value} />
  return <span>{text}</span>
}
