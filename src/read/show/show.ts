/** What a run came to, from its opening and its last entries; its endings are looked through only if some were errors. */
import { callSummary } from '../../format/call-summary.ts'
import type { TotalsFact } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { fateNumber, fateOf } from '../../model/outcome.ts'
import { formatTime } from '../../model/time.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { endsOf } from '../log-ends.ts'
import { InputFiles } from '../runs/input-files.ts'
import { findRun, type IsHeld } from '../runs/list.ts'
import { filesReadIn, intentsOf, planOf } from '../runs/opening-values.ts'
import { publishedIn } from '../runs/published-values.ts'
import { resultDigestOf } from '../runs/result-digest.ts'
import {
  type Closing,
  closingOf,
  durationMs,
  failedRows,
  headOf,
  type Opening,
  openingOf,
  statusOf,
} from '../runs/run-log.ts'
import { stagedOf } from '../runs/staged.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'
import { abandonedGroups } from './abandoned.ts'
import type { EndingCounts, ErrorCounts, FileCounts, InDoubt, NodeCounts, ShownRun, SinkCounts } from './summary.ts'

const IN_DOUBT = fateNumber('FAILED', 'in_doubt')

/** `run` is an id, a unique beginning of one, or `latest`. @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS. */
export async function showRun(reader: LedgerReader, name: string, isHeld: IsHeld): Promise<ShownRun> {
  const { log, run } = await findRun(reader, name)
  const opening = await openingOf(reader, log)
  if (opening.run !== run)
    throw new UnsoundRecord([`log ${log} is listed as that of run ${run}, and is that of ${opening.run}`])
  const closing = await closingOf(reader, log)
  const lease = (await reader.leases()).find(each => each.log === log)
  const head = await headOf(reader, log)
  const plan = await planOf(reader, log)
  const reads = await filesReadIn(reader, log)
  const endings = endingCounts(closing.totals, opening.topology)
  const digest = await resultDigestOf(reader, log, closing)
  return {
    // The keys of `run --json` first, in its order.
    run,
    status: statusOf(closing, lease, isHeld),
    rows: closing.totals.rows,
    tokens: closing.totals.tokens,
    outcomes: summed(endings, each => each.outcome),
    causes: summed(endings, each => each.cause),
    sinks: await sinkCounts(reader, log, opening.topology, closing),
    checkpoint: head?.root ?? '',
    ...(digest === undefined ? {} : { result_digest: digest }),
    duration_ms: durationMs(opening, closing),
    nodes: nodeCounts(closing.totals, opening.topology),
    name: opening.name,
    failed_rows: failedRows(closing),
    signed_by: head?.signed_by ?? null,
    ...(closing.totals.calls === undefined ? {} : { calls: callSummary(closing.totals.calls) }),
    endings,
    errors: await errorCounts(reader, log, opening.topology, endings, closing.totals),
    abandoned: await abandonedGroups(reader, log, opening.topology, closing.totals),
    started_at: formatTime(opening.t),
    ended_at: closing.ended_us === null ? null : formatTime(closing.ended_us),
    entries: await entriesOf(reader, log, opening),
    file: plan.file,
    plugins: opening.plugins,
    ...(reads.size === 0 ? {} : { reads: [...reads].flatMap(([node, of]) => of.map(each => ({ node, ...each }))) }),
    ...(opening.files === undefined ? {} : { files: await filesRead(reader, log) }),
    staged: await stagedOf(reader, log, closing),
    in_doubt: await inDoubtOf(reader, log, opening.topology, closing.totals),
    stopped: await stopOf(reader, log, closing),
  }
}

/** Of all its logs. */
async function entriesOf(reader: LedgerReader, log: number, { splits = 0 }: Opening): Promise<number> {
  let entries = await reader.size(log)
  for await (const { size } of endsOf(reader, { from: log + 1, to: log + splits })) entries += size
  return entries
}

async function filesRead(reader: LedgerReader, log: number): Promise<FileCounts[]> {
  const input = await InputFiles.of(reader, log)
  const files: FileCounts[] = []
  for (const [source, all] of input?.files ?? [])
    for (const file of all) {
      const { name, sha256 } = (await input?.valuesOfFile(file)) ?? { name: null, sha256: null }
      const { records, bytes, done } = file
      files.push({ source, name, records, bytes, sha256, done })
    }
  return files
}

/** By outcome, cause and sink, as the last commit has them. */
export function endingCounts(totals: TotalsFact, topology: Topology): EndingCounts[] {
  return totals.endings.map(([number, sink, count]) => {
    const fate = fateOf(number)
    return {
      outcome: fate?.outcome ?? String(number),
      cause: fate?.cause ?? '?',
      class: fate?.class ?? 'failure',
      words: fate?.words ?? '?',
      sink: sink === 0 ? null : (topology.nodes[sink - 1]?.name ?? '?'),
      count,
    }
  })
}

/** An error that `on_error` led to a node ended nothing, and isn't counted. */
async function errorCounts(
  reader: LedgerReader,
  log: number,
  { nodes }: Topology,
  endings: readonly EndingCounts[],
  totals: TotalsFact,
): Promise<ErrorCounts[]> {
  if (!endings.some(each => each.class === 'failure')) return []
  const counts = await reader.errorCounts(log)
  const listed = counts.reduce((sum, each) => sum + each.count, 0)
  const due = totals.endings.reduce((sum, [fate, , of]) => sum + (fateOf(fate)?.error === 'required' ? of : 0), 0)
  if (listed !== due)
    throw new UnsoundRecord([`the table has ${listed} endings with an error, and ${due} were counted`])
  return counts.map(({ node, error_code, count }) => ({ node: nodes[node - 1]?.name ?? '?', code: error_code, count }))
}

function summed(endings: readonly EndingCounts[], key: (each: EndingCounts) => string): { [key: string]: number } {
  const sums: { [key: string]: number } = {}
  for (const each of endings) sums[key(each)] = (sums[key(each)] ?? 0) + each.count
  return sums
}

/** Of each node, in the plan's order. */
export function nodeCounts(totals: TotalsFact, topology: Topology): NodeCounts[] {
  const taken = new Map(totals.edges)
  const visits = new Map(totals.visits.map(([node, ...counts]) => [node, counts]))
  return topology.nodes.map(({ name, kind }, i) => {
    const number = i + 1
    const [ok = 0, error = 0, held = 0] = visits.get(number) ?? []
    const out: { [label: string]: number } = {}
    let came = 0
    for (const [edge, [from, label, to]] of topology.edges.entries()) {
      const count = taken.get(edge + 1) ?? 0
      if (from === number) out[label] = count
      if (to === number) came += count
    }
    return { node: name, kind, in: kind === 'source' ? ok + error : came, ok, error, held, out }
  })
}

/** Rows from the latest receipts, of what was sent from the visits: splits send themselves. Paths and hashes as published, else as intended and received so far. */
async function sinkCounts(
  reader: LedgerReader,
  log: number,
  topology: Topology,
  { last, commit, publish, totals }: Closing,
): Promise<ShownRun['sinks']> {
  const status = last?.k === 'seal' ? last.status : null
  const intents = await intentsOf(reader, log)
  const published = await publishedIn(reader, log, publish, topology)
  const values = new ValuesOnRecord(reader, log)
  const sinks: { [sink: string]: SinkCounts } = {}
  const visits = new Map(totals.visits.map(([node, ok]) => [node, ok]))
  for (const [i, node] of topology.nodes.entries()) {
    if (node.kind !== 'sink') continue
    // What a run that was given up had written is nowhere to be found.
    const shown = status !== 'abandoned'
    const files = published.get(node.name)
    const receipt = commit?.entry.receipts.find(({ sink }) => sink === i + 1)
    const intent = intents[node.name]
    const sent = intent?.mode === 'send' ? (visits.get(i + 1) ?? 0) : null
    const rows = sent ?? receipt?.rows ?? 0
    if (intent?.by_value === true) {
      const place = shown && intent.path !== null ? { path: intent.path } : {}
      sinks[node.name] = { rows, ...place, ...(shown && files?.count != null ? { files: files.count } : {}) }
      continue
    }
    const path = files?.paths?.[0] ?? (shown ? intent?.path : null)
    const received = async () => (commit === null ? null : values.get(commit.seq, receipt ?? {}, 'hash'))
    const content = files?.contents?.[0]
    const sha256 = content?.sha256 ?? (shown ? await received() : null)
    sinks[node.name] = {
      rows,
      ...(path == null ? {} : { path }),
      ...(sha256 == null ? {} : { sha256 }),
      ...(content === undefined ? {} : { bytes: content.bytes }),
    }
  }
  return sinks
}

/** Endings are looked through only if there are such. */
async function inDoubtOf(
  reader: LedgerReader,
  log: number,
  { nodes }: Topology,
  totals: TotalsFact,
): Promise<ShownRun['in_doubt']> {
  if (!totals.endings.some(([fate]) => fate === IN_DOUBT)) return []
  const all: InDoubt[] = []
  for await (const { fate, row, token, node, recorded_us } of reader.failedEndings(log))
    if (fate === IN_DOUBT)
      all.push({ row, token, sink: nodes[node - 1]?.name ?? '?', recorded_at: formatTime(recorded_us) })
  return all
}

async function stopOf(reader: LedgerReader, log: number, { last, last_seq }: Closing): Promise<ShownRun['stopped']> {
  if (last?.k !== 'stop') return null
  const value = await new ValuesOnRecord(reader, log).get(last_seq, last, 'error')
  return { reason: last.reason, code: value?.code ?? null, message: value?.message ?? null }
}
