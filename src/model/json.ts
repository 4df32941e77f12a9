/**
 * Reads JSON text that somebody else wrote, and refuses whatever would be read differently by another reader:
 * duplicate keys, integers that a double rounds, numbers beyond doubles or too near to zero, halves of surrogate pairs, deep
 * nesting. Objects become rows. −0 becomes 0. Digits beyond a double's precision behind the point are rounded, as everywhere.
 *
 * Why not the `lossless-json` package: it reads into plain objects by assignment, so that a field named `__proto__`
 * is lost, it lets halves of surrogate pairs pass, and it has no limit of depth.
 */
import { hasVanished, isInexactInteger, isRounded, MAX_DATA_DEPTH, MAX_DEPTH } from './canonical.ts'
import { type Json, type MutableRow, newRow } from './row.ts'

export type JsonTextCode =
  | 'JSON_SYNTAX'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_INTEGER_TOO_LARGE'
  | 'JSON_NUMBER_TOO_LARGE'
  | 'JSON_NUMBER_TOO_SMALL'
  | 'JSON_LONE_SURROGATE'
  | 'JSON_TOO_DEEP'

export class JsonTextError extends SyntaxError {
  override readonly name = 'JsonTextError'
  readonly code: JsonTextCode
  /** In UTF-16 units from the beginning of the text. */
  readonly offset: number

  constructor(code: JsonTextCode, offset: number, message: string) {
    super(`${message} at offset ${offset}`)
    this.code = code
    this.offset = offset
  }
}

/**
 * What becomes of the numbers at a place, where a schema says it. `text`: each is its own text, where it isn't written as the double
 * that it is would be. `text_if_rounded`: so are integers that no double is. `nearest`: each is the nearest double.
 */
export interface DeclaredNumbers {
  readonly here: 'text' | 'text_if_rounded' | 'nearest' | null
  field(name: string): DeclaredNumbers | null
  /** `index` from 0. */
  item(index: number): DeclaredNumbers | null
}

/**
 * The value of a JSON text (RFC 8259, without a byte order mark) from outside, with objects as rows.
 * @param numbers what is declared of them; without, one that a double would round is refused
 * @throws JsonTextError with the offset of what is wrong.
 */
export function parseStrict(text: string, numbers: DeclaredNumbers | null = null): Json {
  return parse(text, OUTSIDE, numbers)
}

/**
 * The same for a text that Custody has written: it may be nested deeper, and whole numbers of any size are meant. Whether it is
 * canonical is for the caller to see.
 * @throws JsonTextError with the offset of what is wrong.
 */
export function parseStored(text: string): Json {
  return parse(text, STORED, null)
}

/**
 * `JSON.parse`, for texts in which objects may have names from outside: all others use it, too, so that nobody has to ask which it is.
 *
 * V8 takes a name that has to be escaped for one with a backslash that it has seen before (Chromium's issue 521080746): after
 * `{"\\":0}` it reads `{"\t":0}` as the same. What is misread has a name with a backslash, always; those texts are read by the
 * parser below, as `parseStored` does.
 * @throws SyntaxError
 */
export function parseJson(text: string): ReturnType<JSON['parse']> {
  // A text that is no JSON is refused here, with the engine's own words.
  const value: Json = JSON.parse(text)
  return text.includes('\\') && hasBackslash(value) ? new Parser(text, STORED).document(null) : value
}

/** Whether one of its names has a backslash, to any depth. */
function hasBackslash(value: Json): boolean {
  const left: Json[] = [value]
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (typeof each !== 'object' || each === null) continue
    if (!Array.isArray(each) && Object.keys(each).some(name => name.includes('\\'))) return true
    for (const inner of Object.values<Json>(each)) if (typeof inner === 'object') left.push(inner)
  }
  return false
}

interface Rules {
  readonly most_deep: number
  readonly any_integer: boolean
}

const OUTSIDE: Rules = { most_deep: MAX_DATA_DEPTH, any_integer: false }
const STORED: Rules = { most_deep: MAX_DEPTH, any_integer: true }

function parse(text: string, rules: Rules, numbers: DeclaredNumbers | null): Json {
  const value = parseTidy(text, rules)
  return value === undefined ? new Parser(text, rules).document(numbers) : value
}

// ── the quick way ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * If a text is what `JSON.stringify` makes of its value, then nothing in it is duplicated, rounded, overflown or −0.
 * What remains to be looked for: unsafe integers, escaped halves of surrogate pairs, and depth.
 * undefined: the text isn't of that kind, or has a problem, and the parser below decides.
 */
function parseTidy(text: string, rules: Rules): Json | undefined {
  if (text.includes('\\ud')) return undefined
  let value: Json
  try {
    value = JSON.parse(text) as Json
    if (JSON.stringify(value) !== text) return undefined
  } catch (error) {
    // Syntax, or nested so deep that the stack ends: the parser below says where.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
  return toRows(value, rules.most_deep, rules)
}

/** `room`: how many levels more there may be. */
function toRows(value: Json, room: number, rules: Rules): Json | undefined {
  if (typeof value === 'number') return !rules.any_integer && isInexactInteger(value) ? undefined : value
  if (typeof value !== 'object' || value === null) return value
  if (room === 0) return undefined
  if (Array.isArray(value)) {
    const list: Json[] = []
    for (const each of value as readonly Json[]) {
      const item = toRows(each, room - 1, rules)
      if (item === undefined) return undefined
      list.push(item)
    }
    return list
  }
  const row = newRow()
  for (const field in value) {
    const each = (value as { readonly [field: string]: Json })[field]!
    const item = typeof each === 'string' ? each : toRows(each, room - 1, rules)
    if (item === undefined) return undefined
    row[field] = item
  }
  return row
}

// ── the exact way ───────────────────────────────────────────────────────────────────────────────────────────────────

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const INTEGER = /^-?[0-9]+$/
const HEX = /^[0-9a-fA-F]{4}$/
const ESCAPES: { readonly [letter: string]: string } = Object.assign(Object.create(null), {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
})

class Parser {
  private readonly text: string
  private readonly rules: Rules
  private at = 0

  constructor(text: string, rules: Rules) {
    this.text = text
    this.rules = rules
  }

  document(numbers: DeclaredNumbers | null): Json {
    this.skipSpace()
    const value = this.value(0, numbers)
    this.skipSpace()
    if (this.at < this.text.length) throw this.unexpected('the end of the text')
    return value
  }

  private value(depth: number, numbers: DeclaredNumbers | null): Json {
    const unit = this.text.charCodeAt(this.at)
    switch (unit) {
      case QUOTE:
        return this.string()
      case OPEN_OBJECT:
        return this.object(this.deeper(depth), numbers)
      case OPEN_LIST:
        return this.list(this.deeper(depth), numbers)
      case 0x74:
        return this.word('true', true)
      case 0x66:
        return this.word('false', false)
      case 0x6e:
        return this.word('null', null)
      default:
        return this.number(numbers?.here ?? null)
    }
  }

  private deeper(depth: number): number {
    if (depth < this.rules.most_deep) return depth + 1
    throw new JsonTextError('JSON_TOO_DEEP', this.at, `nested more than ${this.rules.most_deep} deep`)
  }

  private object(depth: number, numbers: DeclaredNumbers | null): Json {
    const row: MutableRow = newRow()
    this.at++
    this.skipSpace()
    if (this.take(CLOSE_OBJECT)) return row
    do {
      this.skipSpace()
      const start = this.at
      if (this.text.charCodeAt(start) !== QUOTE) throw this.unexpected('a key in quotes')
      const key = this.string()
      if (Object.hasOwn(row, key)) {
        throw new JsonTextError(
          'JSON_DUPLICATE_KEY',
          start,
          `the key ${JSON.stringify(key)} stands twice in one object`,
        )
      }
      this.skipSpace()
      if (!this.take(COLON)) throw this.unexpected('a colon')
      this.skipSpace()
      row[key] = this.value(depth, numbers?.field(key) ?? null)
      this.skipSpace()
    } while (this.take(COMMA))
    if (!this.take(CLOSE_OBJECT)) throw this.unexpected('a comma or }')
    return row
  }

  private list(depth: number, numbers: DeclaredNumbers | null): Json {
    const list: Json[] = []
    this.at++
    this.skipSpace()
    if (this.take(CLOSE_LIST)) return list
    do {
      this.skipSpace()
      list.push(this.value(depth, numbers?.item(list.length) ?? null))
      this.skipSpace()
    } while (this.take(COMMA))
    if (!this.take(CLOSE_LIST)) throw this.unexpected('a comma or ]')
    return list
  }

  private word<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.unexpected('a value')
    this.at += word.length
    return value
  }

  private number(declared: DeclaredNumbers['here']): Json {
    const { at } = this
    NUMBER.lastIndex = at
    const [written] = NUMBER.exec(this.text) ?? []
    if (written === undefined) throw this.unexpected('a value')
    this.at += written.length
    if (declared === 'text') return written
    const value = Number(written)
    if (!this.rules.any_integer && declared !== 'nearest' && isRounded(written, value)) {
      if (declared === 'text_if_rounded' && INTEGER.test(written)) return written
      throw new JsonTextError('JSON_INTEGER_TOO_LARGE', at, 'a whole number beyond ±(2^53 − 1) that would be rounded')
    }
    if (!Number.isFinite(value)) {
      if (declared === 'text_if_rounded' && INTEGER.test(written)) return written
      throw new JsonTextError('JSON_NUMBER_TOO_LARGE', at, 'a number beyond doubles')
    }
    if (hasVanished(written, value))
      throw new JsonTextError('JSON_NUMBER_TOO_SMALL', at, 'a number too near to zero to be told from it')
    return value === 0 ? 0 : value
  }

  private string(): string {
    const { text } = this
    const start = this.at
    let result = ''
    let from = start + 1
    let i = from
    for (;;) {
      const unit = text.charCodeAt(i)
      if (unit === QUOTE) break
      if (unit === BACKSLASH) {
        result += text.slice(from, i)
        const letter = text[i + 1] ?? ''
        const plain = ESCAPES[letter]
        result += plain ?? this.unit(i)
        i += plain === undefined ? 6 : 2
        from = i
      } else if (unit >= 0x20) {
        i++
      } else {
        // A control character, or NaN: the end of the text.
        this.at = i
        throw this.unexpected('the rest of a text in quotes')
      }
    }
    result += text.slice(from, i)
    if (!result.isWellFormed()) {
      throw new JsonTextError('JSON_LONE_SURROGATE', start, 'half of a surrogate pair in the text that begins')
    }
    this.at = i + 1
    return result
  }

  /** The UTF-16 unit of an escape such as \u00e9. */
  private unit(at: number): string {
    const digits = this.text.slice(at + 2, at + 6)
    if (this.text[at + 1] !== 'u' || !HEX.test(digits)) {
      throw new JsonTextError('JSON_SYNTAX', at, 'an escape that JSON does not have')
    }
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  private skipSpace(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at)
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return
      this.at++
    }
  }

  private take(unit: number): boolean {
    if (this.text.charCodeAt(this.at) !== unit) return false
    this.at++
    return true
  }

  private unexpected(wanted: string): JsonTextError {
    const found = this.at < this.text.length ? JSON.stringify(this.text[this.at]) : 'the end'
    return new JsonTextError('JSON_SYNTAX', this.at, `expected ${wanted}, found ${found}`)
  }
}
