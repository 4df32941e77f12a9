/** Paths with `*` for a value in a name, of sinks whose rows say which file they go to. */
import { dirname } from 'node:path'

/** Whether values can make one file of them. True too often, never too seldom: only how names begin and end tells them apart. */
export function canMeet(one: string, other: string): boolean {
  const [a, b] = [namesOf(one), namesOf(other)]
  return a.length === b.length && a.every((name, i) => namesMeet(name, b[i] ?? ''))
}

/** A file among these that is a folder of another one; null if none is. */
export function fileAsFolder(paths: readonly string[]): string | null {
  const files = new Set(paths)
  for (const path of paths)
    for (let each = dirname(path); each !== dirname(each); each = dirname(each)) if (files.has(each)) return each
  return null
}

const namesOf = (path: string) => path.normalize('NFC').toLowerCase().split('/')

function namesMeet(one: string, other: string): boolean {
  const [a, b] = [endsOf(one), endsOf(other)]
  if (a === null && b === null) return one === other
  if (a === null) return fits(one, b)
  if (b === null) return fits(other, a)
  return startsMeet(a.first, b.first) && startsMeet(reversed(a.last), reversed(b.last))
}

interface Ends {
  readonly first: string
  readonly last: string
}

/** What stands before the first value and behind the last one; null where there is none. */
function endsOf(name: string): Ends | null {
  if (!name.includes('*')) return null
  return { first: name.slice(0, name.indexOf('*')), last: name.slice(name.lastIndexOf('*') + 1) }
}

const fits = (name: string, ends: Ends | null) =>
  ends !== null && name.startsWith(ends.first) && name.endsWith(ends.last)
const startsMeet = (a: string, b: string) => a.startsWith(b) || b.startsWith(a)
const reversed = (text: string) => [...text].reverse().join('')
