/** Where a JSON text has arrays of objects: in its beginning, which may be cut anywhere. Nothing is held but the way to where it looks. */
import { parseJson } from '../model/json.ts'

export interface JsonPlace {
  /** A JSON Pointer (RFC 6901). */
  readonly pointer: string
  /** Objects directly in that array, as far as the text shows. */
  readonly objects: number
}

export interface JsonBeginning {
  /** `array`: of anything · `object` · `broken`: no JSON · `other`: a single value without parts. */
  readonly root: 'array' | 'object' | 'broken' | 'other'
  /** Arrays with objects in them that can be reached by keys alone, the largest first. */
  readonly places: readonly JsonPlace[]
  /** Whether more follows behind the first value. */
  readonly several: boolean
}

/** Deeper arrays are parts of records rather than lists of them. */
const MOST_DEEP = 6
const TOKEN = /[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/gsy
const SPACE = /\s*/y
const VALUE = /^(?:"|-?\d|true$|false$|null$)/

interface Level {
  readonly kind: 'array' | 'object'
  /** The way to it; null if it leads through an array. */
  readonly pointer: string | null
  /** The key that was read last. */
  key: string | null
  objects: number
}

export function jsonBeginning(text: string): JsonBeginning {
  const found: JsonPlace[] = []
  const levels: Level[] = []
  let root: JsonBeginning['root'] | null = null
  let at = 0
  const broken = (): JsonBeginning => ({ root: 'broken', places: [], several: false })
  for (;;) {
    SPACE.lastIndex = at
    SPACE.exec(text)
    TOKEN.lastIndex = SPACE.lastIndex
    const token = TOKEN.exec(text)?.[0]
    // What is left, if anything, is a token that is cut, or none of JSON's.
    if (token === undefined) break
    if (root !== null && levels.length === 0) return { root, places: sorted(found), several: true }
    at = TOKEN.lastIndex
    const level = levels.at(-1)
    if (token === '{' || token === '[') {
      if (token === '{' && level?.kind === 'array') level.objects += 1
      const kind = token === '{' ? 'object' : 'array'
      root ??= kind
      levels.push({ kind, pointer: pointerTo(level), key: null, objects: 0 })
    } else if (token === '}' || token === ']') {
      if (level?.kind !== (token === '}' ? 'object' : 'array')) return broken()
      note(level, levels.length, found)
      levels.pop()
    } else if (token.startsWith('"') && level?.kind === 'object' && /^\s*:/.test(text.slice(at, at + 64)))
      level.key = token
    else if (token !== ',' && token !== ':') {
      if (!VALUE.test(token) && at < text.length) return broken()
      root ??= 'other'
    }
  }
  for (const [index, level] of levels.entries()) note(level, index + 1, found)
  return { root: root ?? 'broken', places: sorted(found), several: false }
}

function pointerTo(parent: Level | undefined): string | null {
  if (parent === undefined) return ''
  if (parent.kind === 'array' || parent.pointer === null || parent.key === null) return null
  const key = keyOf(parent.key)
  return key === null ? null : `${parent.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function keyOf(token: string): string | null {
  try {
    return String(parseJson(token))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function note({ kind, pointer, objects }: Level, depth: number, found: JsonPlace[]): void {
  if (kind === 'array' && pointer !== null && objects > 0 && depth <= MOST_DEEP) found.push({ pointer, objects })
}

function sorted(places: readonly JsonPlace[]): readonly JsonPlace[] {
  const depth = ({ pointer }: JsonPlace) => pointer.split('/').length
  return [...places].sort((one, two) => two.objects - one.objects || depth(one) - depth(two))
}
