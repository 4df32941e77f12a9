/** The search by value: a field that has a value, or text anywhere; a row by its number. What is asked becomes a condition like any other. */
import { useNavigate, useParams } from '@tanstack/react-router'
import { type FormEvent, useId, useState } from 'react'
import { Icon } from '../parts/icons.tsx'
import { type Condition, LEAST_TEXT, rowNamed, searched } from './rows-search.ts'

export function SearchBox({ onSearch }: { readonly onSearch: (condition: Condition) => void }) {
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const id = useId()
  const { run = '' } = useParams({ strict: false })
  const navigate = useNavigate()
  const search = (event: FormEvent) => {
    event.preventDefault()
    const row = rowNamed(typed)
    if (row !== null) return void navigate({ to: '/runs/$run/rows/$row', params: { run, row } })
    const condition = searched(typed)
    if (condition === null) return
    if (condition.key === 'text' && [...condition.value].length < LEAST_TEXT)
      return setProblem(
        `Text anywhere is found from ${LEAST_TEXT} characters on. For less, ask for a field: field=value.`,
      )
    setProblem(null)
    setTyped('')
    onSearch(condition)
  }
  return (
    <form className="filter-box" onSubmit={search}>
      <label htmlFor={id}>Find a value</label>
      <span className="with-icon">
        <Icon name="search" size={15} />
        <input
          id={id}
          data-search
          className="input"
          type="search"
          value={typed}
          placeholder="field = value, text, or row 17"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : `${id}-problem`}
          onChange={event => setTyped(event.target.value)}
        />
      </span>
      {problem !== null && (
        <p id={`${id}-problem`} className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}
