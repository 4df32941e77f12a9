/** The sink of a format: of one file, or of one for each path that rows name. */
import { join, relative, sep } from 'node:path'
import type { Row } from '../../model/row.ts'
import { absolutePlace, isStoreUrl } from '../../model/store-url.ts'
import type {
  OptionProblem,
  Rehearsal,
  RewindableSinkSpec,
  RowError,
  SecretOption,
  Sink,
  SinkContext,
  Taken,
} from '../../sdk/spec.ts'
import { Stores } from '../stores/open-store.ts'
import { checkStorage, missingForStorage, type StorageOptions } from '../stores/options.ts'
import { FileSink, type RowFormat } from './file-sink.ts'
import { ManyFilesSink } from './many-files-sink.ts'
import { EMPTY_GROUND, NamedFiles } from './named-files.ts'
import { DEFAULT_MAX_FILES } from './options.ts'
import { checkPacked, type PackedOptions, packOf } from './packing.ts'
import { compilePath, isByValue, pathProblems } from './path-template.ts'
import { LOCAL_NAME, StoredSink } from './stored-sink.ts'
import { type IfExists, type Target, targetIn } from './target.ts'

interface FileOptions extends PackedOptions {
  readonly storage?: StorageOptions | undefined
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
): Required<Pick<RewindableSinkSpec<O>, 'create' | 'rehearse' | 'missing' | 'texts'>> {
  return {
    missing: missingForStorage,
    create: (options, context) => createOutput(options, context, format),
    rehearse: (options, context) => rehearseFiles(options, context, format.formats(options, context)),
    texts: (options, context) => textsOf(options, format.formats(options, context)()),
  }
}

function createOutput<O extends FileOptions>(options: O, context: SinkContext, format: FileFormat<O>): Sink {
  const { path, if_exists, max_files = DEFAULT_MAX_FILES } = options
  const pack = packOf(options)
  const newFormat = format.formats(options, context)
  const stored = isStoreUrl(path)
  const appendable = format.appendable(options) && pack === null && !stored
  const target = targetIn(context, { path, if_exists, appendable })
  const inUse = context.inUse ?? (() => null)
  const sinkAt = (of: Target, inUse: (path: string) => string | null) =>
    isByValue(path)
      ? new ManyFilesSink({ target: of, newFormat, pack, max_files, inUse })
      : new FileSink(of, newFormat(), pack)
  if (!stored) return sinkAt(target, inUse)
  const template = isByValue(target.path) ? compilePath(target.path) : null
  const values = template?.folder ?? null
  return new StoredSink({
    target,
    folder: values,
    pattern: template === null ? target.path : template.folder + template.pattern,
    stores: new Stores(options.storage),
    staging: context.staging ?? null,
    stagingIn: folder => {
      const name = values === null ? LOCAL_NAME : target.path.slice(values.length)
      const urlOf = (local: string) => `${values}${relative(folder, local).split(sep).join('/')}`
      const local: Target = { ...target, folder, path: name, if_exists: 'fail', appendable: false }
      return sinkAt(local, each => inUse(urlOf(each)))
    },
  })
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
  const root = absolutePlace(folder, template.folder)
  const naming = { ground: EMPTY_GROUND, template, root, ending: '', newFormat, max_files, inUse }
  const named = new NamedFiles(naming)
  return {
    row: row => {
      const file = named.of(row)
      if ('kind' in file) return file
      const text = file.format.row(row)
      if (typeof text === 'string' && file.number === null) named.keep(file)
      return taken(text, isStoreUrl(path) ? template.folder + file.names : join(template.folder, file.names))
    },
  }
}

/** Of one file on disk, which is new or appended to by rows that are the same wherever they stand. */
function textsOf({ path, if_exists }: FileOptions, format: RowFormat): ((row: Row) => string | RowError) | null {
  if (isStoreUrl(path) || isByValue(path) || (if_exists === 'append' && format.appends_by_header === true)) return null
  // Before it begins: some can't do so where nothing is staged.
  if (format.follows === undefined) return null
  format.begin(null, null, false)
  return format.follows() ? row => format.row(row) : null
}

const taken = (text: string | RowError, file: string | null): RowError | Taken =>
  typeof text === 'string' ? { kind: 'taken', file } : text

export function checkOutput(options: FileOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { path, max_files } = options
  const problems = [...checkPacked(options), ...pathProblems(path), ...checkStored(options, secrets)]
  if (max_files === undefined || isByValue(path)) return problems
  const message = 'max_files is for paths that depend on the row, and this one doesn’t'
  return [...problems, { path: ['max_files'], message, hint: 'Leave it out, or write {{ row.field }} into the path.' }]
}

/** A store has no end of an object that something could be put behind. */
function checkStored(options: FileOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const problems = checkStorage(options, secrets)
  if (!isStoreUrl(options.path) || options.if_exists !== 'append') return problems
  const message = 'nothing can be appended to what is in a store'
  const hint = 'Set if_exists: replace or number, or give each run an object of its own.'
  return [...problems, { path: ['if_exists'], message, hint }]
}
