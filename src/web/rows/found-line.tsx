/** How many rows fit, how long that took to find, and what the search stands on. */
import type { RowsPage } from '../../api/rows.ts'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import type { RowPages } from './row-pages.ts'

interface Props {
  readonly pages: RowPages
  readonly filtered: boolean
  readonly stopped: boolean
  readonly onStop: (stopped: boolean) => void
}

export function FoundLine({ pages, filtered, stopped, onStop }: Props) {
  const { page, took_ms, goes_on, looking } = pages
  if (page === undefined)
    return (
      <p className="found" role="status">
        {looking ? 'Looking …' : ''}
      </p>
    )
  return (
    <div className="found">
      <p role="status">
        <strong>{matchText(page, filtered, goes_on)}</strong>
        <span className="quiet"> · {tookText(took_ms)}</span>
        {goes_on && (
          <span className="quiet">
            {' '}
            · looked through {countText(page.looked_at.rows)} of {counted(page.looked_at.of, 'row')}
          </span>
        )}
      </p>
      {goes_on && (
        <button type="button" className="link-button" onClick={() => onStop(!stopped)}>
          {stopped ? 'Look further' : looking ? 'Stop looking' : 'Look no further'}
        </button>
      )}
      <IndexNote of={page.index} />
    </div>
  )
}

function matchText({ matches }: RowsPage, filtered: boolean, goes_on: boolean): string {
  const what = filtered ? (matches.count === 1 ? 'row fits' : 'rows fit') : matches.count === 1 ? 'row' : 'rows'
  return `${matches.exact || !goes_on ? '' : 'at least '}${countText(matches.count)} ${what}`
}

const tookText = (ms: number): string =>
  ms < 1_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`

/** Whether values are found by an index, or by reading. */
function IndexNote({ of }: { readonly of: RowsPage['index'] }) {
  const { state, rows, of: all, problem } = of
  const notes = {
    ready: [
      'index ready',
      'Values are found by an index beside the ledger; every row shown is checked against the ledger.',
    ],
    building: [
      `index: ${countText(rows)} of ${countText(all)}`,
      'The index is being built; until it is ready, searches read the rows themselves.',
    ],
    off: ['no index', 'Searches read the rows themselves: the server was started without an index.'],
    failed: ['index failed', 'Searches read the rows themselves.'],
  } as const
  const [word, about] = notes[state]
  return (
    <p className={`index-note ${state}`} title={about}>
      {word}
      {problem !== undefined && (
        <span>
          : <Text of={problem} />
        </span>
      )}
    </p>
  )
}
