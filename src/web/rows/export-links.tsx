/** What fits, as a file. */
import { shortRun } from '../../read/words/text.ts'
import { urlOf } from '../app/client.ts'
import { useMay } from '../app/session-context.tsx'
import { Icon } from '../parts/icons.tsx'
import { filterQuery, type RowsSearch } from './rows-search.ts'

const FORMATS = ['jsonl', 'csv'] as const

export function ExportLinks({ run, search }: { readonly run: string; readonly search: RowsSearch }) {
  const may = useMay('analyst')
  if (!may) return <span className="quiet small">Export needs the role analyst: it has values.</span>
  return (
    <span className="actions">
      <span className="quiet small">Export</span>
      {FORMATS.map(format => (
        <a
          key={format}
          className="button"
          href={urlOf(`/runs/${run}/rows/export`, { format, ...filterQuery(search) })}
          download={`rows-${shortRun(run)}.${format}`}
        >
          <Icon name="download" size={14} />
          <span className="spoken">the rows that fit as </span>
          {format.toUpperCase()}
        </a>
      ))}
    </span>
  )
}
