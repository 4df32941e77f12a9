/** One value of the data: short ones on their line, others as JSON that can be opened. */
import { JsonView, LongText } from '../parts/json-view.tsx'

export function ValueView({ value }: { readonly value: unknown }) {
  if (typeof value === 'string') return <LongText text={value} />
  if (typeof value === 'object' && value !== null) return <JsonView value={value} />
  return <span className="literal">{value === undefined ? 'missing' : JSON.stringify(value)}</span>
}
