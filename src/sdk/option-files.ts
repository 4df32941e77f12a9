/** `{file: path}` in options: the file’s content is put in its place where a plugin says that it may stand there. */
import { readFileSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { parse } from 'yaml'
import { canonicalize } from '../model/canonical.ts'
import type { ErrorCode } from '../model/error.ts'
import { parseStrict } from '../model/json.ts'
import type { Json } from '../model/row.ts'
import { sha256Hex } from '../model/sha256.ts'

/** What a file holds: of `.json`, `.yaml` and `.yml` its value, of others its text. */
export type FileContent =
  | { readonly ok: true; readonly content: Json; readonly sha256: string }
  | { readonly ok: false; readonly code: ErrorCode; readonly problem: string }

export type ReadFile = (path: string) => FileContent

type Path = readonly (string | number)[]

export interface FoundFile {
  /** Within the options. */
  readonly path: Path
  /** As the options name it. */
  readonly file: string
  readonly content: FileContent
}

/** A copy of the options with files in their places; `places` as in `PluginSpec.files`. One that can't be read stays. */
export function putFiles(
  options: unknown,
  places: readonly (readonly string[])[],
  read: ReadFile,
): { readonly options: unknown; readonly found: readonly FoundFile[] } {
  const found: FoundFile[] = []
  const visit = (value: unknown, at: Path, left: readonly (readonly string[])[]): unknown => {
    if (left.length === 0 || !isMap(value)) return value
    const file = left.some(place => place.length === 0) ? fileOf(value) : null
    if (file !== null) {
      const content = read(file)
      found.push({ path: at, file, content })
      return content.ok ? content.content : value
    }
    const next = (key: string) =>
      left.flatMap(([first, ...rest]) => (first === key || first === '*' ? [rest as readonly string[]] : []))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each, [...at, key], next(key))]))
  }
  return { options: places.length === 0 ? options : visit(options, [], places), found }
}

const isMap = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function fileOf(value: { readonly [key: string]: unknown }): string | null {
  return Object.keys(value).length === 1 && typeof value.file === 'string' ? value.file : null
}

/** Prompts, schemas and the like; not data. */
const SIZE_MAX_BYTES = 1024 * 1024

/** Reads files by their path from `folder`. */
export function filesIn(folder: string): ReadFile {
  return path => {
    try {
      const file = resolve(folder, path)
      if (statSync(file).size > SIZE_MAX_BYTES) return unreadable(path, 'it is larger than 1 MiB')
      const bytes = readFileSync(file)
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      return { ok: true, content: contentOf(text, extname(path).toLowerCase()), sha256: sha256Hex(bytes) }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') return unreadable(path, message)
      return { ok: false, code: 'CUSTODY_FILE_NOT_FOUND', problem: `${path} doesn’t exist` }
    }
  }
}

function contentOf(text: string, ending: string): Json {
  if (ending === '.json') return parseStrict(text)
  if (ending !== '.yaml' && ending !== '.yml') return text
  const value = parse(text) as Json
  // Only what JSON can say.
  canonicalize(value)
  return value
}

const unreadable = (path: string, reason: string): FileContent => ({
  ok: false,
  code: 'CUSTODY_FILE_UNREADABLE',
  problem: `${path} can’t be read: ${reason.split('\n')[0]}`,
})
