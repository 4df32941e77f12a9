/** What keys stand for, as Ink reports them. */
import type { Key } from 'ink'
import type { Command, Event } from './step.ts'

const LETTERS: { readonly [letter: string]: Command } = {
  ...{ j: 'down', k: 'up', n: 'next', N: 'previous', v: 'verify', p: 'prove', c: 'command', q: 'quit' },
  ...{ '/': 'search', '?': 'help', g: 'home', G: 'end' },
}

/** What a key means. Empty: nothing. `typing`: into a line. */
export function eventsOf(input: string, key: Key, typing: boolean): readonly Event[] {
  const command = namedKey(key)
  if (typing && (key.backspace || key.delete)) return [{ kind: 'erased', all: false }]
  if (typing && key.ctrl && input === 'u') return [{ kind: 'erased', all: true }]
  if (command !== null) return [{ kind: 'command', command }]
  if (key.ctrl || key.meta || key.tab || input === '') return []
  return lettersOf(input, typing)
}

/** Slow lines bring several at once. */
function lettersOf(input: string, typing: boolean): readonly Event[] {
  const events: Event[] = []
  let into_line = typing
  for (const letter of input) {
    const command = letter === '\r' || letter === '\n' ? 'open' : into_line ? undefined : LETTERS[letter]
    if (command !== undefined) events.push({ kind: 'command', command })
    else if (into_line) events.push({ kind: 'typed', text: letter })
    if (command === 'search') into_line = true
    if (command === 'open') into_line = false
  }
  return events
}

function namedKey(key: Key): Command | null {
  if (key.return) return 'open'
  if (key.escape || key.backspace || key.delete) return 'back'
  if (key.upArrow) return 'up'
  if (key.downArrow) return 'down'
  if (key.pageUp) return 'page up'
  if (key.pageDown) return 'page down'
  if (key.home) return 'home'
  return key.end ? 'end' : null
}
