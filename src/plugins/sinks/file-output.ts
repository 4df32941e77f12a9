/** The sink of a format: of one file, or of one for each path that rows name. */
import { join, resolve } from 'node:path'
import type {
  OptionProblem,
  Rehearsal,
  RewindableSinkSpec,
  RowError,
  Sink,
  SinkContext,
  Taken,
} from '../../sdk/spec.ts'
import { FileSink, type RowFormat } from './file-sink.ts'
import { ManyFilesSink } from './many-files-sink.ts'
import { EMPTY_GROUND, NamedFiles } from './named-files.ts'
import { DEFAULT_MAX_FILES } from './options.ts'
import { checkPacked, type PackedOptions, packOf } from './packing.ts'
import { compilePath, isByValue, pathProblems } from './path-template.ts'
import { type IfExists, targetIn } from './target.ts'

interface FileOptions extends PackedOptions {
  readonly if_exists: IfExists
  readonly max_files?: number | undefined
}

interface FileFormat<O> {
  /** Whether a file is of use before its end. */
  readonly appendable: (options: O) => boolean
  /** @returns what makes the format of one file. */
  readonly formats: (options: O, context: SinkContext) => () => RowFormat
}

/** What a spec has that writes files of a format. */
export function fileOutput<O extends FileOptions>(
  format: FileFormat<O>,
): Required<Pick<RewindableSinkSpec<O>, 'create' | 'rehearse'>> {
  return {
    create: (options, context) => createOutput(options, context, format),
    rehearse: (options, context) => rehearseFiles(options, context, format.formats(options, context)),
  }
}

function createOutput<O extends FileOptions>(options: O, context: SinkContext, format: FileFormat<O>): Sink {
  const { path, if_exists, max_files = DEFAULT_MAX_FILES } = options
  const pack = packOf(options)
  const newFormat = format.formats(options, context)
  const target = targetIn(context, { path, if_exists, appendable: format.appendable(options) && pack === null })
  if (!isByValue(path)) return new FileSink(target, newFormat(), pack)
  return new ManyFilesSink({ target, newFormat, pack, max_files, inUse: context.inUse ?? (() => null) })
}

function rehearseFiles(
  { path, max_files = DEFAULT_MAX_FILES }: FileOptions,
  { folder, inUse = () => null }: SinkContext,
  newFormat: () => RowFormat,
): Rehearsal {
  if (!isByValue(path)) {
    const format = newFormat()
    format.begin(null, null, true)
    return { row: row => taken(format.row(row), null) }
  }
  const template = compilePath(path)
  const root = resolve(folder, template.folder)
  const naming = { ground: EMPTY_GROUND, template, root, ending: '', newFormat, max_files, inUse }
  const named = new NamedFiles(naming)
  return {
    row: row => {
      const file = named.of(row)
      if ('kind' in file) return file
      const text = file.format.row(row)
      if (typeof text === 'string' && file.number === null) named.keep(file)
      return taken(text, join(template.folder, file.names))
    },
  }
}

const taken = (text: string | RowError, file: string | null): RowError | Taken =>
  typeof text === 'string' ? { kind: 'taken', file } : text

export function checkOutput(options: FileOptions): readonly OptionProblem[] {
  const { path, max_files } = options
  const problems = [...checkPacked(options), ...pathProblems(path)]
  if (max_files === undefined || isByValue(path)) return problems
  const message = 'max_files is for paths that depend on the row, and this one doesn’t'
  return [...problems, { path: ['max_files'], message, hint: 'Leave it out, or write {{ row.field }} into the path.' }]
}
