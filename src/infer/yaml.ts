/** Values and comments as YAML. Whatever stands in data or names stays one value on one line. */
import { shown } from './examples.ts'

/** Texts that YAML, and people, read as nothing but texts. */
const PLAIN = /^[\p{L}_/.][\p{L}\p{N}_./-]*(?: [\p{L}\p{N}_./-]+)*$/u
/** What some reader of YAML takes for something else than a text. */
const TAKEN = /^(?:true|false|yes|no|on|off|y|n|null|~|[-+]?\.?\d.*|[-+].*|\.+|\.(?:nan|inf))$/i

const isPrintable = (text: string) => shown(text) === `"${text}"`

function quoted(text: string): string {
  if (PLAIN.test(text) && !TAKEN.test(text) && isPrintable(text)) return text
  return isPrintable(text) && !text.includes("'") ? `'${text}'` : shown(text)
}

/** A value; texts in which nothing is a variable. */
export function scalar(value: string | number | boolean): string {
  return typeof value === 'string' ? quoted(value.replaceAll('${', () => '$${')) : String(value)
}

/** A key of a map. */
export function key(name: string): string {
  return quoted(name)
}

export function list(values: readonly string[]): string {
  return `[${values.map(scalar).join(', ')}]`
}

const MOST_COLUMNS = 110

/** A text as lines of comments, broken between words; what is indented stays so, and lines behind the first are a little more. */
export function comment(text: string): readonly string[] {
  const indent = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = ''
  for (const word of text.trim().split(' ')) {
    if (line !== '' && line.length + word.length + 3 > MOST_COLUMNS) {
      lines.push(line)
      line = `${indent}  ${word}`
    } else line = line === '' ? indent + word : `${line} ${word}`
  }
  return [...lines, line].map(each => `# ${each}`)
}
