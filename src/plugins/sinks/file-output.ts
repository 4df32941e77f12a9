/** The sink of a format: of one file, or of one for each path that rows name. */
import type { OptionProblem, Sink, SinkContext } from '../../sdk/spec.ts'
import { FileSink, type RowFormat } from './file-sink.ts'
import { ManyFilesSink } from './many-files-sink.ts'
import { DEFAULT_MAX_FILES } from './options.ts'
import { checkPacked, type PackedOptions, packOf } from './packing.ts'
import { isByValue, pathProblems } from './path-template.ts'
import { type IfExists, targetIn } from './target.ts'

interface FileOptions extends PackedOptions {
  readonly if_exists: IfExists
  readonly max_files?: number | undefined
}

/** `appendable`: false if the format is of no use before its end. `newFormat` makes one for a file. */
export function fileOutput(
  context: SinkContext,
  options: FileOptions,
  appendable: boolean,
  newFormat: () => RowFormat,
): Sink {
  const { path, if_exists, max_files = DEFAULT_MAX_FILES } = options
  const pack = packOf(options)
  const target = targetIn(context, { path, if_exists, appendable: appendable && pack === null })
  if (!isByValue(path)) return new FileSink(target, newFormat(), pack)
  return new ManyFilesSink({ target, newFormat, pack, max_files, inUse: context.inUse ?? (() => null) })
}

export function checkOutput(options: FileOptions): readonly OptionProblem[] {
  const { path, max_files } = options
  const problems = [...checkPacked(options), ...pathProblems(path)]
  if (max_files === undefined || isByValue(path)) return problems
  const message = 'max_files is for paths that depend on the row, and this one doesn’t'
  return [...problems, { path: ['max_files'], message, hint: 'Leave it out, or write {{ row.field }} into the path.' }]
}
