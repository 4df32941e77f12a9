/**
 * A pipeline file from its text to typed values. All problems are reported at once; a file with problems still gives what
 * can be understood of it (`faulty`), so that wiring and expressions can be looked at, too.
 */
import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../model/error.ts'
import { LEDGER_KEY } from '../model/ledger-key-text.ts'
import { buildConfig } from './build.ts'
import { readContent } from './content.ts'
import { diagnose } from './diagnose.ts'
import { expandTree } from './expand.ts'
import { warnOfPassword } from './ledger-password.ts'
import { checkUniqueNames } from './names.ts'
import { nearest } from './nearest.ts'
import type { PipelineFile } from './pipeline.ts'
import { Problems } from './problems.ts'
import { readPipelineText } from './read-file.ts'
import { checkRules } from './rules.ts'
import { applySets, SET_SOURCE } from './set.ts'
import { type Place, SourceText } from './source-text.ts'
import { isKnown, keysOf, locateIn, spanOf, type Tree, treeAt } from './tree.ts'
import type { Environment } from './variables.ts'
import { parseYaml } from './yaml.ts'

export interface LoadOptions {
  readonly env: Environment
  /** Arguments of `--set`, in order. */
  readonly overrides?: readonly string[]
}

export interface Loaded {
  /** Null if there is nothing that could be compiled, not even for its diagnostics. */
  readonly pipeline: PipelineFile | null
  readonly diagnostics: readonly Diagnostic[]
  /** The texts that diagnostics point into, by their `file`: the file's, and `--set` with one argument per line. */
  readonly texts: ReadonlyMap<string, string>
}

/** Reads and checks a pipeline file. Never throws for what a file holds, or because it is missing. */
export async function loadPipeline(file: string, options: LoadOptions): Promise<Loaded> {
  const read = await readPipelineText(file)
  if (read.ok) return parsePipeline(read.text, { ...options, file, folder: dirname(resolve(file)) })
  const { code, message, hint } = read
  const diagnostic: Diagnostic = {
    file,
    line: 1,
    column: 1,
    severity: 'error',
    code,
    message,
    ...(hint ? { hint } : {}),
  }
  return { pipeline: null, diagnostics: [diagnostic], texts: new Map() }
}

/** The same from a text. `file` is its name in diagnostics, `folder` where its relative paths start (absolute). */
export function parsePipeline(
  text: string,
  options: LoadOptions & { readonly file: string; readonly folder: string },
): Loaded {
  const { file, folder, env, overrides = [] } = options
  const problems = new Problems()
  const source = new SourceText(file, text.replace(/^\ufeff/, ''))
  const texts = new Map([[file, source.text]])
  if (overrides.length > 0) texts.set(SET_SOURCE, overrides.join('\n'))
  const root = readTree(source, overrides, env, problems)
  if (root === null) return { pipeline: null, diagnostics: problems.list(), texts }
  const { content, issues } = readContent(root)
  diagnose(issues, root, problems)
  checkUniqueNames(root, problems)
  checkRules(root, problems)
  refuseKeys(source, problems)
  const config = buildConfig(content, root)
  const pipeline: PipelineFile = {
    file,
    folder,
    text: source.text,
    overrides,
    config,
    faulty: problems.failed,
    has: path => treeAt(root, path) !== undefined,
    misspells: (path, key) => keysOf(treeAt(root, path)).some(each => each !== key && nearest(each, [key]) !== null),
    known: path => {
      const tree = treeAt(root, path)
      return tree === undefined || isKnown(tree)
    },
    typed: path => {
      const tree = treeAt(root, path)
      return tree?.kind === 'scalar' ? tree.typed : undefined
    },
    locate: (path, part = 'value', within = undefined) => locateIn(root, path, part, within),
  }
  return { pipeline, diagnostics: problems.list(), texts }
}

/** The text is recorded: a key anywhere in it, as in a comment, would stand in the ledger. */
function refuseKeys(source: SourceText, problems: Problems): void {
  for (const { index, 0: key } of source.text.matchAll(LEDGER_KEY)) {
    const at = { source, start: index, end: index + key.length }
    const { file, line } = spanOf(at)
    if (problems.list().some(each => each.file === file && each.line === line)) continue
    const hint = 'take it away: the file is recorded, and whoever could read it may have the key'
    problems.error('CUSTODY_BAD_VALUE', at, 'a ledger key stands in the pipeline file', hint)
  }
}

function readTree(source: SourceText, overrides: readonly string[], env: Environment, problems: Problems): Tree | null {
  const start: Place = { source, start: 0, end: 1 }
  const parsed = parseYaml(source, problems)
  if (parsed === null || (parsed.kind === 'scalar' && parsed.value === null)) {
    if (!problems.failed) problems.error('CUSTODY_EMPTY_PIPELINE', start, 'the file is empty', EMPTY_HINT)
    return null
  }
  if (parsed.kind !== 'map') {
    const message = `a pipeline is a map with name, sources and sinks, not a ${parsed.kind === 'list' ? 'list' : 'text'}`
    problems.error('CUSTODY_WRONG_TYPE', parsed.at, message, EMPTY_HINT)
    return null
  }
  warnOfPassword(parsed, problems)
  const root = expandTree(applySets(parsed, overrides, problems), env, problems)
  return root
}

const EMPTY_HINT = '`custody init` writes an example'
