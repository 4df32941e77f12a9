/** Kinds of nodes: a shape each, and its name. */
import type { ReactNode } from 'react'
import type { Kind } from './graph-model.ts'

const SHAPES: { readonly [kind in Kind]: ReactNode } = {
  source: <path d="M3 4c0-1.2 2.2-2 5-2s5 .8 5 2v8c0 1.2-2.2 2-5 2s-5-.8-5-2zM3 4c0 1.2 2.2 2 5 2s5-.8 5-2" />,
  transform: <path d="M2.5 5.5h11l-3-3M13.5 10.5h-11l3 3" />,
  gate: <path d="M8 1.8L14.2 8 8 14.2 1.8 8z" />,
  fork: <path d="M2 8h4l5-5h3M6 8l5 5h3" />,
  coalesce: <path d="M14 8h-4L5 3H2M10 8l-5 5H2" />,
  aggregate: <path d="M12.5 3h-9l5 5-5 5h9" />,
  join: (
    <>
      <circle cx="6" cy="8" r="4.2" />
      <circle cx="10" cy="8" r="4.2" />
    </>
  ),
  sort: <path d="M3 4h10M3 8h7M3 12h4" />,
  sink: <path d="M2.5 9v4.5h11V9M8 2v7.5M4.8 6.6L8 9.8l3.2-3.2" />,
  discard: <path d="M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.7 9h5.6l.7-9" />,
}

export function KindIcon({ kind, size = 16 }: { readonly kind: Kind; readonly size?: number }) {
  return (
    <svg
      className="kind-icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {SHAPES[kind]}
    </svg>
  )
}
