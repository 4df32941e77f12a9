/** A JSON value, readable. Text of data is text: long ones are cut until somebody asks for the whole. */
import { useState } from 'react'
import { Text } from './text.tsx'
import { counted } from './units.ts'

const LONG = 600
const OPEN_ITEMS = 24

export function JsonView({ value }: { readonly value: unknown }) {
  return (
    <div className="json">
      <Value value={value} depth={0} />
    </div>
  )
}

function Value({ value, depth }: { readonly value: unknown; readonly depth: number }) {
  if (typeof value === 'string') return <LongText text={value} />
  if (typeof value !== 'object' || value === null)
    return <span className="literal">{JSON.stringify(value) ?? 'missing'}</span>
  const isList = Array.isArray(value)
  const items = Object.entries(value)
  if (items.length === 0) return <span className="literal">{isList ? '[]' : '{}'}</span>
  const list = (
    <ul>
      {items.map(([key, item]) => (
        <li key={key}>
          <span className="key">
            {isList ? '–' : <Text of={key} />}
            {isList ? ' ' : ': '}
          </span>
          <Value value={item} depth={depth + 1} />
        </li>
      ))}
    </ul>
  )
  if (depth === 0) return list
  return (
    <details open={depth < 3 && items.length <= OPEN_ITEMS}>
      <summary>{isList ? counted(items.length, 'item') : counted(items.length, 'field')}</summary>
      {list}
    </details>
  )
}

/** A text in full once it is asked for. */
export function LongText({ text }: { readonly text: string }) {
  const [whole, setWhole] = useState(false)
  if (text.length <= LONG || whole)
    return (
      <span className="text">
        <Text of={text} lines />
      </span>
    )
  return (
    <span className="text">
      <Text of={`${text.slice(0, LONG)}…`} lines />{' '}
      <button type="button" className="button" onClick={() => setWhole(true)}>
        Show all {counted(text.length, 'character')}
      </button>
    </span>
  )
}
