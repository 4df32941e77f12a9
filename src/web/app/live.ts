/**
 * What the server reports by itself, while somebody looks: a page in the background listens to nothing. A connection that is lost is made
 * again, later and later.
 */
import { useEffect, useEffectEvent, useState, useSyncExternalStore } from 'react'
import { parseJson } from '../../model/json.ts'
import { urlOf } from './client.ts'

export type Connection = 'off' | 'connecting' | 'live' | 'lost'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

/** Listens to `path` for `events`, while `on`; each gets its data as JSON. */
export function useLive(
  path: string,
  events: { readonly [name: string]: (data: unknown) => void },
  on = true,
): Connection {
  const seen = useSyncExternalStore(onSeen, () => document.visibilityState === 'visible')
  const listens = on && seen
  const [state, setState] = useState<Connection>(listens ? 'connecting' : 'off')
  const names = Object.keys(events).join(' ')
  const report = useEffectEvent((name: string, text: string) => events[name]?.(parseJson(text)))
  useEffect(() => {
    if (!listens) {
      setState('off')
      return
    }
    return connected(urlOf(path), names.split(' '), (name, text) => report(name, text), setState)
  }, [path, names, listens])
  return state
}

function onSeen(changed: () => void): () => void {
  document.addEventListener('visibilitychange', changed)
  return () => document.removeEventListener('visibilitychange', changed)
}

/** Returns how to stop it. */
function connected(
  url: string,
  names: readonly string[],
  report: (name: string, text: string) => void,
  setState: (state: Connection) => void,
): () => void {
  let wait_ms = FIRST_WAIT_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  let source: EventSource | null = null
  const connect = () => {
    setState('connecting')
    source = new EventSource(url)
    source.onopen = () => {
      wait_ms = FIRST_WAIT_MS
      setState('live')
    }
    source.onerror = () => {
      source?.close()
      setState('lost')
      timer = setTimeout(connect, wait_ms)
      wait_ms = Math.min(LONGEST_WAIT_MS, wait_ms * 2)
    }
    for (const name of names)
      source.addEventListener(name, event => {
        if (event instanceof MessageEvent && typeof event.data === 'string') report(name, event.data)
      })
  }
  connect()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}
