/** In the place of an answer: it is on its way, there is none, it failed, or its record doesn't hold. */
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Unsound } from '../../api/common.ts'
import { ServerError } from '../app/client.ts'
import { Command } from './command.tsx'
import { Icon, type IconName } from './icons.tsx'
import { Text } from './text.tsx'

type NoticeTone = 'plain' | 'bad' | 'open' | 'accent'
const ICONS: { readonly [tone in NoticeTone]: IconName } = {
  plain: 'info',
  bad: 'diamond',
  open: 'warning',
  accent: 'info',
}

interface NoticeProps {
  readonly tone?: NoticeTone
  readonly title: ReactNode
  readonly children?: ReactNode
}

export function Notice({ tone = 'plain', title, children }: NoticeProps) {
  return (
    <div className={`notice tone-${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={ICONS[tone]} size={18} />
      <strong>{title}</strong>
      {children}
    </div>
  )
}

interface ErrorProps {
  readonly error: unknown
  readonly onRetry?: (() => void) | undefined
}

/** What is wrong, its code, and what to do. */
export function ErrorNotice({ error, onRetry }: ErrorProps) {
  const known = error instanceof ServerError ? error : null
  const message = error instanceof Error ? error.message : String(error)
  return (
    <Notice tone="bad" title={<Text of={message} />}>
      {known?.hint != null && (
        <p>
          <Text of={known.hint} />
        </p>
      )}
      {known === null ? (
        <p>The screen couldn’t be shown. Load the page again; the command line has the same answers.</p>
      ) : (
        <p className="quiet small">
          <code>{known.code}</code>
        </p>
      )}
      <WhatNow code={known?.code ?? null} onRetry={onRetry} />
    </Notice>
  )
}

const UNKNOWN_RUN: ReadonlySet<string | null> = new Set(['CUSTODY_RUN_UNKNOWN', 'CUSTODY_RUN_AMBIGUOUS'])

/** What isn't there won't be there the next time: then what there is instead. */
function WhatNow({ code, onRetry }: { readonly code: string | null } & Pick<ErrorProps, 'onRetry'>) {
  const { run } = useParams({ strict: false })
  const lists = UNKNOWN_RUN.has(code) ? (
    <Link to="/" className="button">
      All runs
    </Link>
  ) : code === 'CUSTODY_ROW_UNKNOWN' && run !== undefined ? (
    <Link to="/runs/$run/rows" params={{ run }} className="button">
      All rows of this run
    </Link>
  ) : null
  if (lists === null && onRetry === undefined) return null
  return (
    <div className="actions notice-end">
      {lists ?? (
        <button type="button" className="button" onClick={onRetry}>
          <Icon name="again" size={14} />
          Try again
        </button>
      )}
    </div>
  )
}

/** A record that doesn't hold is never shown as data: what is wrong stands in its place. */
export function UnsoundNotice({
  of,
  what,
  run,
}: {
  readonly of: Unsound
  readonly what: string
  readonly run?: string
}) {
  return (
    <section className="unsound" role="alert">
      <h2>
        <Icon name="broken" size={22} className="unsound-icon" />
        The record of {what} doesn’t hold
      </h2>
      <p>
        What is stored isn’t what was signed, so none of it is shown here. Somebody or something changed it afterwards:
      </p>
      <ul>
        {of.problems.map(problem => (
          <li key={problem}>
            <Text of={problem} />
          </li>
        ))}
      </ul>
      <p>To learn all that is wrong, and what still holds:</p>
      <Command words={run === undefined ? ['verify'] : ['verify', run]} />
    </section>
  )
}

interface EmptyProps {
  readonly title: string
  readonly children?: ReactNode
}

export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  )
}

interface SkeletonProps {
  readonly lines?: number
  /** Of one line, in rem. */
  readonly height?: number
  readonly width?: string
}

/** As high as what it stands for, so that nothing moves when that comes. */
export function Skeleton({ lines = 1, height = 1.25, width = '100%' }: SkeletonProps) {
  return (
    <span role="status" aria-label="loading" style={{ display: 'grid', gap: '0.35rem' }}>
      {Array.from({ length: lines }, (_, i) => (
        <span className="skeleton" key={i} style={{ height: `${height}rem`, width }} />
      ))}
    </span>
  )
}
