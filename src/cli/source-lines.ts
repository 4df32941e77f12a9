/** Lines of the texts that diagnostics point into. */
import type { SourceLine } from './render/diagnostics.ts'

/** `texts` by file, as loading a pipeline gave them. A file that couldn't be read has no lines. */
export function sourceLines(texts: ReadonlyMap<string, string>): SourceLine {
  const files = new Map<string, readonly string[]>()
  return (file, line) => {
    let lines = files.get(file)
    if (lines === undefined) {
      lines = texts.get(file)?.split(/\r\n|\r|\n/) ?? []
      files.set(file, lines)
    }
    return lines[line - 1] ?? null
  }
}
