/** One thing that can be tried otherwise; the numbers of an expression each have a box of their own. */
import { useId } from 'react'
import type { Tunable } from '../../api/runs.ts'
import { printable } from '../../read/words/text.ts'
import { thresholdsIn, withThreshold, wordsBefore } from './thresholds.ts'

interface Props {
  readonly of: Tunable
  readonly value: string
  readonly onValue: (value: string) => void
}

export function TunableField({ of, value, onValue }: Props) {
  const id = useId()
  const changed = value !== of.value
  return (
    <div className={`tunable${changed ? ' changed' : ''}`}>
      <label htmlFor={id}>
        <strong>{printable(of.node)}</strong> <span className="quiet">{printable(of.name)}</span>
      </label>
      <Box id={id} of={of} value={value} onValue={onValue} />
      {of.kind === 'expression' && <Thresholds of={value} node={of.node} onValue={onValue} />}
      {changed && (
        <p className="quiet small">
          was <code>{printable(of.value)}</code>{' '}
          <button type="button" className="link-button" onClick={() => onValue(of.value)}>
            undo
          </button>
        </p>
      )}
    </div>
  )
}

function Box({ id, of, value, onValue }: Props & { readonly id: string }) {
  if (of.kind === 'switch')
    return (
      <select id={id} className="input" value={value} onChange={event => onValue(event.target.value)}>
        <option>true</option>
        <option>false</option>
      </select>
    )
  if (of.kind === 'text' && of.value.includes('\n'))
    return <textarea id={id} className="input" rows={4} value={value} onChange={event => onValue(event.target.value)} />
  return (
    <input
      id={id}
      className={`input${of.kind === 'expression' ? ' mono' : ''}`}
      {...(of.kind === 'number' ? { type: 'number', step: 'any' } : { type: 'text' })}
      value={value}
      spellCheck={false}
      autoComplete="off"
      onChange={event => onValue(event.target.value)}
    />
  )
}

function Thresholds({
  of,
  node,
  onValue,
}: {
  readonly of: string
  readonly node: string
  readonly onValue: (value: string) => void
}) {
  const thresholds = thresholdsIn(of)
  if (thresholds.length === 0) return null
  return (
    <span className="thresholds">
      {thresholds.map((each, i) => (
        <label key={i} title={`number ${i + 1} of the expression`}>
          <span className="mono small quiet">{printable(wordsBefore(of, each))}</span>
          <input
            className="input"
            type="number"
            step="any"
            aria-label={`number ${i + 1} of ${node}`}
            value={each.text}
            onChange={event => onValue(withThreshold(of, each, event.target.value === '' ? '0' : event.target.value))}
          />
        </label>
      ))}
    </span>
  )
}
