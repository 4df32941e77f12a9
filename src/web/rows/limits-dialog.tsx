/** Conditions with numbers and times: when it was recorded, what it cost, how long it took. */
import { type FormEvent, useState } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import { type RowsSearch, rowsSearchOf } from './rows-search.ts'

interface Props {
  readonly search: RowsSearch
  readonly onSearch: (search: RowsSearch) => void
  readonly onClose: () => void
}

/** Milliseconds are what people think in; the server counts microseconds. */
const US_PER_MS = 1000

export function LimitsDialog({ search, onSearch, onClose }: Props) {
  const [since, setSince] = useState(localText(search.since))
  const [until, setUntil] = useState(localText(search.until))
  const [least, setLeast] = useState(search.min_cost_usd ?? '')
  const [most, setMost] = useState(search.max_cost_usd ?? '')
  const [took, setTook] = useState(
    search.min_duration_us === undefined ? '' : String(Number(search.min_duration_us) / US_PER_MS),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { at: _, ...others } = search
    onSearch(
      rowsSearchOf({
        ...others,
        since: timeText(since),
        until: timeText(until),
        min_cost_usd: least,
        max_cost_usd: most,
        min_duration_us: took === '' ? '' : Math.round(Number(took) * US_PER_MS),
      }),
    )
    onClose()
  }
  return (
    <Dialog title="Time, cost, duration" onClose={onClose}>
      <form className="limits" onSubmit={submit}>
        <Field label="Recorded since (UTC)" type="datetime-local" value={since} onValue={setSince} />
        <Field label="Recorded before (UTC)" type="datetime-local" value={until} onValue={setUntil} />
        <Field label="Cost, at least (USD)" type="number" value={least} onValue={setLeast} />
        <Field label="Cost, at most (USD)" type="number" value={most} onValue={setMost} />
        <Field label="Took at least (ms)" type="number" value={took} onValue={setTook} />
        <div className="actions">
          <button type="submit" className="button first">
            Show these rows
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface FieldProps {
  readonly label: string
  readonly type: 'number' | 'datetime-local'
  readonly value: string
  readonly onValue: (value: string) => void
}

function Field({ label, type, value, onValue }: FieldProps) {
  const number = type === 'number' ? { min: 0, step: 'any' } : { step: 1 }
  return (
    <label className="field">
      <span>{label}</span>
      <input className="input" type={type} {...number} value={value} onChange={event => onValue(event.target.value)} />
    </label>
  )
}

/** `2026-11-21T14:02:11Z` as such a box has it, which knows no zones. */
function localText(time: string | undefined): string {
  return time === undefined ? '' : time.slice(0, 19).replace(/Z$/, '')
}

function timeText(local: string): string {
  if (local === '') return ''
  const time = new Date(`${local}Z`)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}
