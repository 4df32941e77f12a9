/**
 * Rows of the views for auditors, in the order that SQLite gives them in. They are read by the text of a view, not by the view that is stored,
 * which whoever owns the schema may have changed; those of all entries of a run from a copy of them, which SQLite makes them of.
 */
import type { StoredEnding, StoredEntry, StoredLog, StoredOpenToken, ViewName } from '../read-port.ts'
import type { RunCopy } from '../sqlite/run-copy.ts'
import { hasParts, listingsOf, type Where } from '../view-parts.ts'
import type { Asking } from './asking.ts'
import { QUERIES } from './queries.ts'
import { listing, VIEWS } from './views.ts'

type Rows = AsyncIterable<Record<string, unknown>>

/** Those that need no value and read most entries of a run. */
const OF_ENTRIES: ReadonlySet<ViewName> = new Set([
  ...(['rows', 'tokens', 'token_parents', 'groups', 'token_outcomes', 'node_states', 'routing_events'] as const),
  ...(['batch_members', 'calls'] as const),
])

export function viewRows(asking: Asking, name: ViewName, run: string, where?: Where): Rows {
  return where === undefined && OF_ENTRIES.has(name)
    ? ofEntries(asking, name, run)
    : listed(asking, name, run, where ?? null)
}

async function* listed(asking: Asking, name: ViewName, run: string, asked: Where | null): Rows {
  const view = VIEWS[name]
  const logs = hasParts(view) ? await asking.all<StoredLog>(QUERIES.logs_of, run) : []
  const parts = logs.map(({ part }) => part)
  for (const each of listingsOf(name, view, parts, asked)) {
    const values = each.where === null ? [] : [each.where.value]
    yield* asking.sorted<Record<string, unknown>>(listing(name, each), run, ...values)
  }
}

/** What the server would take several times as long for: it makes a tree of each entry's JSON first, for each view anew. */
async function* ofEntries(asking: Asking, name: ViewName, run: string): Rows {
  const { snapshot, release } = await asking.held()
  try {
    const copy = await snapshot.made(`copy of ${run}`, () => copyOf(asking, run))
    for (const each of copy.view(name, run)) yield each
  } finally {
    await release()
  }
}

async function copyOf(asking: Asking, run: string): Promise<RunCopy> {
  const { RunCopy: Copy } = await import('../sqlite/run-copy.ts')
  const logs = await asking.all<StoredLog>(QUERIES.logs_of, run)
  const copy = new Copy(logs)
  try {
    for (const { log } of logs) {
      for await (const each of asking.stream<StoredEntry>(QUERIES.entries, log, 0)) copy.putEntry(log, each)
      for await (const each of asking.stream<StoredEnding>(QUERIES.endings, log)) copy.putEnding(log, each)
      for await (const each of asking.stream<StoredOpenToken>(QUERIES.open_tokens, log)) copy.putOpenToken(log, each)
    }
    return copy
  } catch (error) {
    copy.close()
    throw error
  }
}
