/** Which stage of a row's way a function's time belongs to. */

export interface Frame {
  readonly name: string
  /** Path of the module from the repository's root, `node:…`, or `''` for what is native. */
  readonly module: string
}

/** By a function's name, whatever its module: natives, and what V8 and Node do on their own. */
const BY_NAME: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'garbage collection'],
  ['(idle)', 'waiting (sinks’ fsync, reading)'],
  ['(program)', 'Node itself'],
  // Calls into SQLite aren't frames of their own: these two make them.
  ['transaction src/ledger/sqlite/store.ts', 'SQLite: begin, commit (fsync)'],
  ['all src/ledger/sqlite/store.ts', 'SQLite: inserts'],
])

/** By the beginning of the module's path; the first that fits. */
const BY_MODULE: ReadonlyArray<readonly [start: string, stage: string]> = [
  ['src/plugins/sources/', 'source'],
  ['src/engine/nodes/source/source-reader.ts', 'source'],
  ['src/sdk/schema-check.ts', 'schema check'],
  ['src/sdk/cell.ts', 'schema check'],
  ['node_modules/ajv', 'schema check'],
  ['src/plugins/transforms/', 'transform'],
  ['src/plugins/aggregates/', 'aggregate'],
  ['src/sdk/expression', 'expressions (transform, gate)'],
  ['node_modules/@marcbachmann/cel-js', 'expressions (transform, gate)'],
  ['src/plugins/sinks/', 'sink text and files'],
  ['src/model/canonical.ts', 'canonical JSON'],
  ['src/format/hash.ts', 'hashing'],
  ['src/format/tree.ts', 'hashing'],
  ['src/format/tiled-tree.ts', 'hashing'],
  ['src/ledger/write/subject-trees.ts', 'hashing'],
  ['src/ledger/write/closed-subjects.ts', 'hashing'],
  ['node:internal/crypto', 'hashing'],
  ['src/ledger/write/encode.ts', 'encode'],
  ['src/ledger/write/appender.ts', 'append (salts, records)'],
  ['src/ledger/sqlite/', 'SQLite: binding values'],
  ['src/ledger/', 'append (salts, records)'],
  ['src/engine/record/recorder.ts', 'recorder'],
  ['src/engine/token/token.ts', 'recorder'],
  ['src/engine/record/totals.ts', 'recorder'],
  ['src/engine/record/patch.ts', 'recorder'],
  ['src/engine/run/committer.ts', 'recorder'],
  ['src/engine/', 'flow (scheduler, line, steps)'],
]

/**
 * The stage of a function, given where it is and, for natives and Node's own modules that could serve any, the stage of
 * its caller.
 */
export function stageOf({ name, module }: Frame, callers: string): string {
  const by_name = BY_NAME.get(name) ?? BY_NAME.get(`${name} ${module}`)
  if (by_name !== undefined) return by_name
  return BY_MODULE.find(([start]) => module.startsWith(start))?.[1] ?? callers
}
