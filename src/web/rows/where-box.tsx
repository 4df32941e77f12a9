/** An expression that must hold of a row, as `explain --where` takes it. What is wrong with it stands under it. */
import { type FormEvent, useEffect, useId, useState } from 'react'
import { ServerError } from '../app/client.ts'
import { Text } from '../parts/text.tsx'

/** Characters that are shown around the place. */
const NEAR = 16

interface Props {
  /** The one that holds now. */
  readonly where: string
  /** Why the server refused it. */
  readonly error: unknown
  readonly onWhere: (where: string) => void
}

export function WhereBox({ where, error, onWhere }: Props) {
  const [typed, setTyped] = useState(where)
  const id = useId()
  // The URL may change by itself: back, or a chip that is removed.
  useEffect(() => setTyped(where), [where])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onWhere(typed.trim())
  }
  const refused = error instanceof ServerError && typed.trim() === where ? error : null
  const column = refused === null ? null : columnIn(refused)
  return (
    <form className="filter-box" onSubmit={submit}>
      <label htmlFor={id}>Expression (CEL)</label>
      <input
        id={id}
        className="input mono"
        value={typed}
        placeholder="row.amount > 50000 && row.region == 'north'"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={refused !== null}
        aria-describedby={refused === null ? undefined : `${id}-problem`}
        onChange={event => setTyped(event.target.value)}
        onBlur={() => onWhere(typed.trim())}
      />
      {refused !== null && (
        <div id={`${id}-problem`} className="field-problem" role="alert">
          <p>
            <Text of={refused.message} />
            {column !== null && (
              <>
                {', at: '}
                <code>
                  <Text of={where.slice(Math.max(0, column - NEAR), column)} />
                  <mark>
                    <Text of={where[column] ?? '⌑'} />
                  </mark>
                  <Text of={where.slice(column + 1, column + NEAR)} />
                </code>
              </>
            )}
          </p>
          {refused.hint !== null && (
            <p className="quiet">
              <Text of={refused.hint} />
            </p>
          )}
        </div>
      )}
    </form>
  )
}

/** The place within the expression, from 0. */
function columnIn({ where }: ServerError): number | null {
  const [, column] = /^--where:1:(\d+)$/.exec(where ?? '') ?? []
  return column === undefined ? null : Number(column) - 1
}
