/**
 * The outcome path map of docs/outcomes.md: of each outcome and cause the functions that decide it and those that record it.
 * Which function makes the ending is read from the code; the rest is checked against runs by test/outcome-paths.test.ts.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Recorder } from '../../src/engine/record/recorder.ts'
import { FATES, type Fate } from '../../src/model/outcome.ts'
import { isNode, ROOT, SourceFile, type SyntaxNode } from '../../test/support/source-file.ts'
import { code, table } from './markdown.ts'

export const RECORDER = 'src/engine/record/recorder.ts'
/** Of which the recorder's methods are made. */
const STEPS = 'src/engine/record/fact-writer.ts'
export const ENDINGS = 'src/engine/record/ending.ts'

/** `FAILED / late_arrival`, for each line of the table of outcomes. */
type FateName = { [F in Fate as F['number']]: `${F['outcome']} / ${F['cause']}` }[Fate['number']]

interface OutcomePath {
  /** Within src/engine. */
  readonly file: string
  /** The function or method there that decides. */
  readonly decided_by: string
  /** Methods of the recorder that are called for it, in turn: the last one ends the token. */
  readonly recorded_by: readonly (keyof Recorder & string)[]
  /** What sets this way apart from others to the same outcome. */
  readonly where?: string
}

const VERDICT = 'nodes/coalesce/verdict.ts'
const MERGE = 'nodes/coalesce/merge.ts'
const GROUPS = 'nodes/coalesce/groups.ts'
const PLUGIN_CALL = 'nodes/plugin-call.ts'
const RETRY = 'nodes/retry.ts'
const SENT = 'nodes/sink/sent.ts'

const atCoalesce = (file: string, decided_by: string, where?: string): OutcomePath => ({
  ...{ file, decided_by, recorded_by: ['failAtCoalesce'] },
  ...(where !== undefined && { where }),
})

export const OUTCOME_PATHS: { readonly [name in FateName]: readonly OutcomePath[] } = {
  'COMPLETED / flow': [
    { file: PLUGIN_CALL, decided_by: 'writeRow', recorded_by: ['write'], where: 'a sink of files' },
    { file: SENT, decided_by: 'afterSent', recorded_by: ['write'], where: 'a sink that sends' },
  ],
  'ROUTED / gate': [{ file: PLUGIN_CALL, decided_by: 'gateVisit', recorded_by: ['leave', 'write'] }],
  'ROUTED / error': [{ file: RETRY, decided_by: 'afterError', recorded_by: ['fail', 'write'] }],
  'DISCARDED / gate': [{ file: PLUGIN_CALL, decided_by: 'gateVisit', recorded_by: ['leave'] }],
  'DISCARDED / filter': [
    { file: PLUGIN_CALL, decided_by: 'transformVisit', recorded_by: ['filter'], where: 'nothing came of it' },
    { file: PLUGIN_CALL, decided_by: 'transformVisit', recorded_by: ['leave'], where: '`to: discard`' },
    { file: PLUGIN_CALL, decided_by: 'batchVisit', recorded_by: ['releaseBatch'], where: 'a member is left out' },
  ],
  'QUARANTINED / source_invalid': [
    {
      ...{ file: 'nodes/source/source-reader.ts', decided_by: '#checked', recorded_by: ['reject', 'write'] },
      where: '`on_invalid` names a sink',
    },
    {
      ...{ file: 'nodes/source/source-reader.ts', decided_by: '#checked', recorded_by: ['reject'] },
      where: '`on_invalid: discard`',
    },
  ],
  'QUARANTINED / error': [{ file: RETRY, decided_by: 'afterError', recorded_by: ['fail'] }],
  'FAILED / retries_exhausted': [
    { file: RETRY, decided_by: 'afterError', recorded_by: ['fail', 'write'], where: '`on_error` names a sink' },
    { file: RETRY, decided_by: 'afterError', recorded_by: ['fail'], where: '`on_error: discard`' },
  ],
  'FAILED / batch_failed': [
    { file: 'nodes/aggregate/trigger.ts', decided_by: 'refusal', recorded_by: ['failBatch', 'fail'] },
  ],
  'FAILED / sink_rejected': [
    { file: PLUGIN_CALL, decided_by: 'writeRow', recorded_by: ['fail'], where: 'a sink of files' },
    {
      file: SENT,
      decided_by: 'afterSent',
      recorded_by: ['fail', 'write'],
      where: 'a sink that sends, `on_error` another',
    },
  ],
  'FAILED / late_arrival': [
    atCoalesce(GROUPS, 'late'),
    {
      ...{ file: GROUPS, decided_by: 'late', recorded_by: ['failAtCoalesce', 'fail', 'write'] },
      where: 'the coalesce has an `on_error`',
    },
  ],
  'FAILED / branch_lost': [atCoalesce(VERDICT, 'verdictOn')],
  'FAILED / quorum_not_met': [
    atCoalesce(VERDICT, 'verdictOn', 'it became impossible'),
    atCoalesce(VERDICT, 'causeOf', 'time was up'),
  ],
  'FAILED / timeout': [atCoalesce(VERDICT, 'verdictOn')],
  'FAILED / merge_conflict': [atCoalesce(MERGE, 'mergeBranches')],
  'FAILED / select_missing': [atCoalesce(MERGE, 'mergeBranches')],
  'FAILED / in_doubt': [
    { file: SENT, decided_by: 'afterSent', recorded_by: ['doubt'], where: 'no answer came' },
    { file: 'run/abandon.ts', decided_by: 'abandonAll', recorded_by: ['doubt'], where: 'the run was given up before' },
  ],
  'FAILED / replay_miss': [
    { file: PLUGIN_CALL, decided_by: 'guarded', recorded_by: ['miss'], where: 'a transform or a gate asks' },
    { file: SENT, decided_by: 'afterSent', recorded_by: ['miss'], where: 'a sink sends' },
  ],
  'FAILED / abandoned': [{ file: 'run/abandon.ts', decided_by: 'abandonAll', recorded_by: ['abandon'] }],
  'FORKED / fork': [{ file: 'nodes/executor.ts', decided_by: '#fork', recorded_by: ['fork'] }],
  'EXPANDED / expand': [{ file: PLUGIN_CALL, decided_by: 'transformVisit', recorded_by: ['expand'] }],
  'COALESCED / merge': [{ file: VERDICT, decided_by: 'verdictOn', recorded_by: ['merge'] }],
  'CONSUMED_IN_BATCH / join': [{ file: 'nodes/join/two-sides.ts', decided_by: 'next', recorded_by: ['join'] }],
  'CONSUMED_IN_BATCH / batch': [
    { file: 'nodes/aggregate/trigger.ts', decided_by: 'triggerOf', recorded_by: ['consumeBatch'] },
  ],
}

/** Its name, and that of the test that runs it. */
export function pathTitle(name: FateName, { where }: OutcomePath): string {
  return where === undefined ? name : `${name}, ${where.replaceAll('`', '')}`
}

export function outcomePathsTable(): string {
  const makersOf = makersByPath()
  return table(
    ['outcome / cause', 'where', 'decided by', 'recorded by', 'made by', 'tests of who decides'],
    FATES.flatMap((fate: Fate) => {
      const name: FateName = `${fate.outcome} / ${fate.cause}` as FateName
      return OUTCOME_PATHS[name].map((path, i) => [
        i === 0 ? `${code(fate.outcome)} / ${code(fate.cause)}` : '',
        path.where ?? '',
        `${code(path.decided_by)} in ${link(path.file)}`,
        path.recorded_by.map(code).join(', then '),
        makersOf(name, path).map(code).join(' or '),
        testsBeside(path.file),
      ])
    }),
  )
}

/** `file` is within src/engine. */
function link(file: string): string {
  return `[${file}](../src/engine/${file})`
}

function testsBeside(file: string): string {
  const tests = file.replace(/\.ts$/, '.test.ts')
  const is_there = existsSync(join(ROOT, 'src/engine', tests))
  return is_there ? `[${tests.split('/').at(-1)}](../src/engine/${tests})` : ''
}

/** Functions of ending.ts that make an ending where it goes that way: they can, and the last method that records it calls them. */
export function makersByPath(): (name: FateName, path: OutcomePath) => readonly string[] {
  const [makers, called] = [endingMakers(), endingsByMethod()]
  return (name, { recorded_by }) => {
    const by_last = called.get(recorded_by.at(-1) ?? '') ?? new Set()
    return (makers.get(name) ?? []).filter(each => by_last.has(each))
  }
}

/** By method of the recorder the functions of ending.ts that it calls, itself or by the steps that it takes. */
function endingsByMethod(): ReadonlyMap<string, ReadonlySet<string>> {
  const bodies = new Map(
    [new SourceFile(STEPS), new SourceFile(RECORDER)].flatMap(source =>
      source
        .nodes('MethodDefinition')
        .map(node => [nameOf(node.key), source.text.slice(node.start, node.end)] as const),
    ),
  )
  const add = (name: string, found: Set<string>, seen: Set<string>): ReadonlySet<string> => {
    const body = bodies.get(name)
    if (body === undefined || seen.has(name)) return found
    seen.add(name)
    for (const [, ending = ''] of body.matchAll(/\bendings\.(\w+)\(/g)) found.add(ending)
    for (const [, method = ''] of body.matchAll(/\bthis\.(#?\w+)\(/g)) add(method, found, seen)
    return found
  }
  return new Map([...bodies.keys()].map(name => [name, add(name, new Set(), new Set())]))
}

/**
 * By outcome and cause the exported functions of ending.ts that make it, in the order of the file: those that name the constant of
 * its number, or that of a table, or call one that does.
 */
function endingMakers(): ReadonlyMap<string, readonly string[]> {
  const source = new SourceFile(ENDINGS)
  const names = (node: SyntaxNode) =>
    source
      .nodes('Identifier')
      .filter(({ start, end }) => start > node.start && end <= node.end)
      .map(({ name }) => String(name))
  const declared = source
    .nodes('VariableDeclarator', 'FunctionDeclaration')
    .map(node => ({ name: isNode(node.id) ? String(node.id.name) : '', node, uses: new Set(names(node)) }))
  const usersOf = (name: string, seen: Set<string> = new Set()): ReadonlySet<string> => {
    for (const each of declared)
      if (each.name !== name && each.uses.has(name) && !seen.has(each.name)) {
        seen.add(each.name)
        usersOf(each.name, seen)
      }
    return seen
  }
  const exported = [...source.text.matchAll(/^export function (\w+)/gm)].map(([, name = '']) => name)
  const fates = [...source.text.matchAll(/const (\w+) = fateNumber\('([A-Z_]+)', '([a-z_]+)'\)/g)]
  return new Map(
    fates.map(([, constant = '', outcome, cause]) => {
      const users = usersOf(constant)
      return [`${outcome} / ${cause}`, exported.filter(name => users.has(name))]
    }),
  )
}

/** Names of the functions and methods that a file declares, private ones with their `#`. */
export function functionsIn(file: SourceFile): ReadonlySet<string> {
  const names = new Set<string>()
  for (const node of file.nodes(
    'FunctionDeclaration',
    'VariableDeclarator',
    'MethodDefinition',
    'PropertyDefinition',
  )) {
    const named = node.type === 'MethodDefinition' || node.type === 'PropertyDefinition' ? node.key : node.id
    names.add(nameOf(named))
  }
  return names
}

/** `''` if it is no plain name. */
function nameOf(node: unknown): string {
  if (!isNode(node) || typeof node.name !== 'string') return ''
  return node.type === 'PrivateIdentifier' ? `#${node.name}` : node.name
}
