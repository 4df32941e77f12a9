/** A box in which conditions are chosen: it offers what the run has, by what is typed. The keys are those of a combobox. */
import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { Text } from '../parts/text.tsx'
import { countText } from '../parts/units.ts'
import type { Condition } from './rows-search.ts'
import { fitting, type Suggestion } from './suggestions.ts'

/** So that the list can be taken in; more is found by typing. */
const MOST = 60

interface Props {
  readonly suggestions: readonly Suggestion[]
  readonly onAdd: (condition: Condition) => void
}

export function AddCondition({ suggestions, onAdd }: Props) {
  const [typed, setTyped] = useState('')
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const found = fitting(suggestions, typed)
  const shown = found.slice(0, MOST)
  const choose = (chosen: Suggestion | undefined) => {
    if (chosen === undefined) return
    setTyped('')
    setAt(0)
    setOpen(false)
    onAdd({ key: chosen.key, value: chosen.value })
  }
  const pressed = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      setOpen(true)
      const next = Math.max(0, Math.min(shown.length - 1, open ? at + step : at))
      setAt(next)
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter' && open) choose(shown[at])
    else if (event.key === 'Escape' && open) setOpen(false)
    else return
    event.preventDefault()
  }
  return (
    <div className="filter-box">
      <label htmlFor={id}>Narrow by</label>
      <input
        ref={input}
        id={id}
        className="input"
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && shown.length > 0 ? `${id}-${at}` : undefined}
        value={typed}
        placeholder="node, way, sink, outcome, error, …"
        autoComplete="off"
        spellCheck={false}
        onChange={event => {
          setTyped(event.target.value)
          setAt(0)
          setOpen(true)
        }}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={pressed}
      />
      <Options id={id} open={open} shown={shown} at={at} more={found.length - shown.length} choose={choose} />
    </div>
  )
}

interface OptionsProps {
  readonly id: string
  readonly open: boolean
  readonly shown: readonly Suggestion[]
  readonly at: number
  readonly more: number
  readonly choose: (suggestion: Suggestion) => void
}

function Options({ id, open, shown, at, more, choose }: OptionsProps) {
  const groups = Map.groupBy(shown, each => each.group)
  return (
    <div className="combo-list" id={`${id}-list`} role="listbox" aria-label="What this run offers" hidden={!open}>
      {[...groups].map(([group, members]) => (
        <fieldset key={group} className="combo-group" aria-label={group}>
          <span className="combo-title" aria-hidden="true">
            {group}
          </span>
          {members.map(each => {
            const index = shown.indexOf(each)
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the box has the focus
              <div
                key={`${each.key} ${each.value}`}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === at}
                className="combo-option"
                // The box keeps the focus, else the list would close before the click.
                onMouseDown={event => event.preventDefault()}
                onClick={() => choose(each)}
              >
                <span>
                  <Text of={each.value} /> <span className="quiet">{each.note}</span>
                </span>
                {each.count !== null && <span className="number quiet">{countText(each.count)}</span>}
              </div>
            )
          })}
        </fieldset>
      ))}
      {shown.length === 0 && <p className="combo-title">Nothing of that name in this run.</p>}
      {more > 0 && <p className="combo-title">{countText(more)} more: type to find them.</p>}
    </div>
  )
}
