/** The pipeline file as it ran, from the record. */
import { useQuery } from '@tanstack/react-query'
import { printableLines } from '../../read/words/text.ts'
import { isUnsound, planQuery } from '../app/queries.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Text } from '../parts/text.tsx'
import { counted } from '../parts/units.ts'

export function PlanPanel({ run }: { readonly run: string }) {
  const { data } = useQuery(planQuery(run))
  if (data === undefined || isUnsound(data)) return null
  const { text, file } = data
  if (text === null)
    return (
      <p className="panel panel-body plan-missing quiet small">
        The pipeline’s text isn’t shown: it is erased, or your role shows no values.
      </p>
    )
  const lines = text.replace(/\n$/, '').split('\n')
  return (
    <details className="panel plan-text">
      <summary>
        <h2>Pipeline as it ran</h2>
        <span className="quiet small">
          {file !== null && (
            <>
              <Text of={file} />
              {' · '}
            </>
          )}
          {counted(lines.length, 'line')}
        </span>
      </summary>
      <div className="plan-lines">
        <CopyButton text={text} what="pipeline file" />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than its place is scrolled by keys, too */}
        <pre tabIndex={0}>
          {lines.map((line, i) => (
            <span key={`${i} ${line}`} className="plan-line">
              {printableLines(line)}
              {'\n'}
            </span>
          ))}
        </pre>
      </div>
    </details>
  )
}
