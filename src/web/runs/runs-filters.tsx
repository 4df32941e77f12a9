/** Which runs: those of one pipeline, those of one status. */
import type { SearchWords } from '../app/search-words.ts'
import type { RunsFilter } from './use-runs.ts'

const STATUSES = [
  ...(['running', 'completed', 'completed_with_failures', 'empty', 'failed', 'cancelled'] as const),
  ...(['interrupted', 'abandoned'] as const),
]

interface Props {
  readonly filter: RunsFilter
  readonly names: readonly string[]
  readonly onChange: (words: SearchWords) => void
}

export function RunsFilters({ filter, names, onChange }: Props) {
  const listed = filter.name === null || names.includes(filter.name) ? names : [filter.name, ...names]
  return (
    <>
      <label>
        <span className="spoken">Pipeline</span>
        <select
          className="input"
          data-search
          value={filter.name ?? ''}
          onChange={event => onChange({ name: event.target.value })}
        >
          <option value="">all pipelines</option>
          {listed.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        <span className="spoken">Status</span>
        <select
          className="input"
          value={filter.status ?? ''}
          onChange={event => onChange({ status: event.target.value })}
        >
          <option value="">any status</option>
          {STATUSES.map(status => (
            <option key={status} value={status}>
              {status.replaceAll('_', ' ')}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}
