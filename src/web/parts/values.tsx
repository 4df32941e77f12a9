/** Times, hashes and ids. Each can be copied whole, and is what the command line takes. */
import { useSyncExternalStore } from 'react'
import { hashText, shortRun } from '../../read/words/text.ts'
import { CopyButton } from './copy.tsx'
import { agoText, timeOf } from './units.ts'

/** To the second; to the millisecond where the pointer rests. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at}>
      {timeOf(at)}
    </time>
  )
}

const EACH_MS = 15_000

/** `3 min ago`; it grows older by itself. */
export function Ago({ at }: { readonly at: string }) {
  const now = useSyncExternalStore(everyWhile, () => Math.floor(Date.now() / EACH_MS) * EACH_MS)
  return (
    <time dateTime={at} title={at}>
      {agoText(Date.parse(at), Math.max(now, Date.parse(at)))}
    </time>
  )
}

function everyWhile(changed: () => void): () => void {
  const timer = setInterval(changed, EACH_MS)
  return () => clearInterval(timer)
}

/** Short, and copied whole. */
export function Hash({ of, what = 'hash' }: { readonly of: string; readonly what?: string }) {
  return (
    <span className="copied">
      <code title={of}>{hashText(of)}</code>
      <CopyButton text={of} what={what} />
    </span>
  )
}

export function RunIdText({ run }: { readonly run: string }) {
  return (
    <span className="copied">
      <code title={run}>{shortRun(run)}</code>
      <CopyButton text={run} what="id of the run" />
    </span>
  )
}
