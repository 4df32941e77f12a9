/**
 * One name in a path, where a row decides what it is: what may stand in it on any system that the files may be carried to, and which
 * two names are one.
 */
import type { Json } from '../../model/row.ts'

/** The usual file systems allow 255 for a name, in UTF-8: that leaves room for `-1`, or `.rerun-1`. */
const MOST_BYTES = 240
/** Names of devices, with whatever ending. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)/i
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u
const RESERVED = /[<>:"|?*]/
/** What hidden files of a run have in their names. */
const OWN = '.custody-'

/** A value as it stands in a name, of which `nameProblem` says more. @throws RangeError that says why it can't. */
export function nameOfValue(value: Json): string {
  if (typeof value === 'object') throw new RangeError('a list or an object is no part of a name')
  const text = String(value)
  const problem = text === '' ? EMPTY : leadsElsewhere(text) ? ELSEWHERE : text.includes('/') ? SEPARATED : null
  if (problem !== null) throw new RangeError(`the value ${shown(text)} ${problem}`)
  return text
}

/** Why no file or folder is given that name, as in "… is empty"; null if it can be. */
export function nameProblem(name: string): string | null {
  if (name === '') return EMPTY
  if (leadsElsewhere(name)) return ELSEWHERE
  const problem = characterProblem(name)
  if (problem !== null) return problem
  if (/[. ]$/.test(name)) return 'ends with a dot or a blank, which some systems drop'
  if (DEVICE.test(name)) return 'is the name of a device on some systems'
  if (name.includes(OWN)) return `has ${OWN} in it, as hidden files of a run do`
  const bytes = Buffer.byteLength(name)
  return bytes > MOST_BYTES ? `has ${bytes} bytes, and a name has ${MOST_BYTES} at most` : null
}

export const EMPTY = 'is empty'
const ELSEWHERE = 'leads elsewhere'
const SEPARATED = 'has a slash or a backslash, which would make several names of it'
const leadsElsewhere = (name: string) => name === '.' || name === '..'

function characterProblem(text: string): string | null {
  if (!text.isWellFormed()) return 'is no valid Unicode'
  if (text.includes('/') || text.includes('\\')) return SEPARATED
  if (CONTROL.test(text)) return 'has a control character'
  const [reserved] = RESERVED.exec(text) ?? []
  return reserved === undefined ? null : `has ${reserved}, which no name may have on some systems`
}

const SHOWN_UNITS = 40
const shown = (text: string) => JSON.stringify(text.length > SHOWN_UNITS ? `${text.slice(0, SHOWN_UNITS)}…` : text)

/**
 * Equal for names that some file system takes for one: those that differ in case or Unicode normal form only. Case folding is simple (a
 * character for a character), as file systems do it: `ß` isn't `ss`.
 */
export function foldedName(name: string): string {
  let folded = ''
  for (const each of name.normalize('NFC')) folded += lower(upper(each))
  return folded.normalize('NFC')
}

const upper = (each: string) => single(each.toUpperCase(), each)
const lower = (each: string) => single(each.toLowerCase(), each)
const single = (mapped: string, each: string) => ([...mapped].length === 1 ? mapped : each)
