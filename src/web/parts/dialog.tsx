/** A dialog over the page. The browser keeps the focus in it, and Escape closes it. */
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Icon } from './icons.tsx'

interface Props {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Dialog({ title, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      className="sheet"
      aria-labelledby={id}
      onClose={({ currentTarget }) => currentTarget.open || onClose()}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" className="icon-button" aria-label="close" onClick={() => ref.current?.close()}>
          <Icon name="cross" />
        </button>
      </header>
      <div className="sheet-body">{children}</div>
    </dialog>
  )
}
