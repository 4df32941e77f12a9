/**
 * Where in its author's own source an error was thrown, read from its stack: for what plugins throw. Where Node follows source maps
 * (src/host/plugins/source-maps.ts), stacks name what was written, not what was made of it.
 */
import { fileURLToPath } from 'node:url'
import type { Place } from './error.ts'
import { ownFile } from './own-file.ts'

export type ThrownAt = Required<Pick<Place, 'file' | 'line'>> & Pick<Place, 'column'>

/** src/ or dist/, and what starts it. */
const OWN = ['.', '../bin/'].map(path => fileURLToPath(ownFile(path)))
/** `at NAME (PLACE)`, `at async PLACE`: the place alone. Node's own modules have none of these. */
const FRAME = /^\s*at (?:.*? \(|async )?(?<file>(?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(?<line>\d+):(?<column>\d+)\)?$/gm
/** What can’t be parsed has its place above its message, with the line and marks below it. */
const HEADING = /^(?<file>(?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(?<line>\d+)\n(?:.*\n){1,4}?(?<margin> *)\^/

/** null if it shows no place outside of Custody and Node, or isn't an error at all. */
export function thrownAt(thrown: unknown): ThrownAt | null {
  const stack = stackOf(thrown)
  const unparsed = unparsedAt(stack)
  if (unparsed !== null) return unparsed
  const frames = [...stack.matchAll(FRAME)]
    .map(({ groups }) => place(groups?.file, groups?.line, Number(groups?.column)))
    .filter(({ file }) => !OWN.some(own => file.startsWith(own)))
  // What its libraries do within is of no use to a plugin's author. Of a package that is a plugin the outermost frame is where it was called.
  const of = frames.some(({ file }) => packageIn(file) === '') ? '' : packageIn(frames.at(-1)?.file ?? '')
  return frames.find(({ file }) => packageIn(file) === of) ?? null
}

/** What Node prints of a file that it can’t parse. null if it is something else. */
export function unparsedAt(printed: string): ThrownAt | null {
  const { file, line, margin = '' } = HEADING.exec(printed)?.groups ?? {}
  return file === undefined ? null : place(file, line, margin.length + 1)
}

/** Somebody else's object can have anything as its stack. */
function stackOf(thrown: unknown): string {
  try {
    const stack: unknown = thrown instanceof Error ? thrown.stack : null
    return typeof stack === 'string' ? stack : ''
  } catch {
    return ''
  }
}

function place(file = '', line = '1', column = 1): ThrownAt {
  return { file: file.startsWith('file:') ? pathOf(file) : file, line: Number(line), column }
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}

/** Folder of the installed package that a file is of; `''` for files of nobody's package. */
function packageIn(file: string): string {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0] ?? ''
}
