/** Which two runs, and how their rows are matched. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import type { RunLine, UnreadableRun } from '../../api/runs.ts'
import { printable, shortRun } from '../../read/words/text.ts'
import { get } from '../app/client.ts'
import { Icon } from '../parts/icons.tsx'
import { countText, timeOf } from '../parts/units.ts'
import type { CompareSearch } from './compare-search.ts'

interface Props {
  readonly search: CompareSearch
  readonly go: (change: Partial<CompareSearch>) => void
}

const OTHERS = { group: 0, row: null, row_new: null } as const

export function ChooseRuns({ search, go }: Props) {
  const { data = [] } = useQuery({
    queryKey: ['runs', 'to compare'],
    queryFn: ({ signal }) => get<ReadonlyArray<RunLine | UnreadableRun>>('/runs', { limit: 200 }, signal),
  })
  const runs = data.flatMap(each => ('problem' in each ? [] : each))
  return (
    <section className="choose" aria-label="Which runs">
      <RunChoice label="Old" runs={runs} chosen={search.old} onRun={old => go({ old, ...OTHERS })} />
      <button
        type="button"
        className="icon-button swap"
        aria-label="swap old and new"
        title="swap old and new"
        disabled={search.old === null && search.new === null}
        onClick={() => go({ old: search.new, new: search.old, ...OTHERS })}
      >
        <Icon name="swap" />
      </button>
      <RunChoice label="New" runs={runs} chosen={search.new} onRun={now => go({ new: now, ...OTHERS })} />
      <KeyChoice fields={search.key} onKey={key => go({ key, ...OTHERS })} />
      {(search.old === null || search.new === null) && <p className="quiet choose-hint">{hint(search, runs)}</p>}
    </section>
  )
}

/** What to do next. */
function hint({ old, new: now }: CompareSearch, runs: readonly RunLine[]): string {
  if (runs.length === 0) return 'There are no runs yet.'
  if (old === null && now === null) return 'Choose two runs, mostly of one pipeline, the older one first.'
  return old === null
    ? 'Choose the run that it is compared with.'
    : 'Choose another run; or change something of this one below, and see what would have been.'
}

interface RunChoiceProps {
  readonly label: string
  readonly runs: readonly RunLine[]
  readonly chosen: string | null
  readonly onRun: (run: string | null) => void
}

function RunChoice({ label, runs, chosen, onRun }: RunChoiceProps) {
  const known = chosen === null || runs.some(each => each.run === chosen)
  return (
    <label className="field">
      <span>{label} run</span>
      <select
        className="input"
        value={chosen ?? ''}
        onChange={event => onRun(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">choose a run …</option>
        {!known && <option value={chosen}>{printable(chosen)}</option>}
        {runs.map(({ run, name, started_at, rows }) => (
          <option key={run} value={run}>
            {`${printable(name)} · ${shortRun(run)} · ${timeOf(started_at).slice(5)} · ${countText(rows.read)} rows`}
          </option>
        ))}
      </select>
    </label>
  )
}

function KeyChoice({
  fields,
  onKey,
}: {
  readonly fields: readonly string[]
  readonly onKey: (key: readonly string[]) => void
}) {
  const joined = fields.join(', ')
  const [typed, setTyped] = useState(joined)
  const id = useId()
  const apply = (event?: FormEvent) => {
    event?.preventDefault()
    const key = typed
      .split(',')
      .map(each => each.trim())
      .filter(each => each !== '')
    if (key.join(', ') !== joined) onKey(key)
  }
  return (
    <form className="field" onSubmit={apply}>
      <label htmlFor={id}>Rows matched by</label>
      <input
        id={id}
        className="input"
        value={typed}
        placeholder="their number, or fields: id, region"
        spellCheck={false}
        autoComplete="off"
        onChange={event => setTyped(event.target.value)}
        onBlur={() => apply()}
      />
    </form>
  )
}
