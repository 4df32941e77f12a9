/** Paths with `*` for a value in a name: whether some values make one file of two of them, or of one a folder of the other's. */

/** Too many are said to meet, never too few: only what is written out at the beginning and at the end of names tells them apart. */
export function canMeet(one: string, other: string): boolean {
  const [a, b] = [namesOf(one), namesOf(other)]
  return a.slice(0, b.length).every((name, i) => namesMeet(name, b[i] ?? ''))
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
