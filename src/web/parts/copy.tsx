/** Copies a text, and says that it did. */
import { useEffect, useState } from 'react'
import { Icon } from './icons.tsx'

const SAID_MS = 1_500

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready')
  useEffect(() => {
    if (state === 'ready') return
    const timer = setTimeout(() => setState('ready'), SAID_MS)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    )
  return (
    <button
      type="button"
      className="copy"
      aria-label={`copy ${what}`}
      title={`copy ${what}`}
      onClick={() => void copy()}
    >
      <Icon name={state === 'ready' ? 'copy' : state === 'copied' ? 'check' : 'cross'} size={14} />
      <span className="spoken" role="status">
        {state === 'ready' ? '' : state === 'copied' ? 'copied' : 'the browser refused to copy'}
      </span>
    </button>
  )
}
