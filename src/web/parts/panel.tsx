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

/** A table that scrolls within its frame where it is wider than the page. */
export function TableFrame({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than its place is scrolled by keys, too
    <section className="table-frame" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
