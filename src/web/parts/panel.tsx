/** A part of a screen with a heading of its own. */
import { type ReactNode, useId } from 'react'

interface Props {
  readonly title: ReactNode
  /** Beside the heading, quiet. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  /** Without padding: for tables. */
  readonly flush?: boolean
  readonly className?: string
  readonly children: ReactNode
}

export function Panel({ title, note, actions, flush = false, className = '', children }: Props) {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span className="quiet panel-note">{note}</span>}
        {actions !== undefined && <div className="actions panel-end">{actions}</div>}
      </header>
      {flush ? children : <div className="panel-body">{children}</div>}
    </section>
  )
}
