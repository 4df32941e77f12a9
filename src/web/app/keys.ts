/** Keys: one, or two one after the other (`g r`). Never while something is typed, and they can be switched off, since speech input types too. */
import { useEffect, useEffectEvent } from 'react'
import { keepHere, keptHere } from './kept.ts'

export interface Key {
  /** `?`, `/`, `g r`. */
  readonly keys: string
  readonly what: string
  readonly do: () => void
}

const OFF = 'custody-keys-off'
const SECOND_WITHIN_MS = 1_500
/** All that are in force now, the latest last: a later one beats an earlier one of the same keys. */
const inForce = new Set<readonly Key[]>()
let pending: { readonly key: string; readonly at: number } | null = null

export const keysAreOff = (): boolean => keptHere(OFF) !== null
export const switchKeys = (on: boolean): void => keepHere(OFF, on ? null : 'off')

/** The keys that work now, each once. */
export function keysNow(): readonly Key[] {
  return [...new Map([...inForce].flat().map(each => [each.keys, each])).values()]
}

/** Has `keys` in force while the component is there. */
export function useKeys(keys: readonly Key[]): void {
  const names = keys.map(each => `${each.keys}\t${each.what}`).join('\n')
  const press = useEffectEvent((name: string) => keys.find(each => each.keys === name)?.do())
  useEffect(() => {
    const set = names
      .split('\n')
      .map(line => line.split('\t'))
      .map(([name = '', what = '']) => ({ keys: name, what, do: () => press(name) }))
    inForce.add(set)
    return () => {
      inForce.delete(set)
    }
  }, [names])
}

/** Listens, for as long as the page is there. Returns how to stop it. */
export function listenForKeys(): () => void {
  document.addEventListener('keydown', pressed)
  return () => document.removeEventListener('keydown', pressed)
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null || keysAreOff()) return
  const before = pending !== null && event.timeStamp - pending.at < SECOND_WITHIN_MS ? `${pending.key} ` : ''
  const now = keysNow()
  const found = now.find(each => each.keys === `${before}${event.key}`) ?? now.find(each => each.keys === event.key)
  const begins = now.some(each => each.keys.startsWith(`${event.key} `))
  pending = found === undefined && begins ? { key: event.key, at: event.timeStamp } : null
  if (found === undefined) return
  event.preventDefault()
  found.do()
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)
}
