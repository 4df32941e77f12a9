/** What statements about a run are made of: what it read and wrote, how its rows ended, and where the ledger's own log says so. No row. */
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { DeclaredField, ExpressionText } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Json } from '../../model/row.ts'
import { loggedEntries, wantedEntries } from '../prove/logged.ts'
import { InputFiles } from '../runs/input-files.ts'
import type { IsHeld } from '../runs/list.ts'
import { intentsOf, planOf, type RecordedPlan } from '../runs/opening-values.ts'
import { publishedIn } from '../runs/published-values.ts'
import { type Closing, closingOf, type Opening, openingOf } from '../runs/run-log.ts'
import { pathIn } from '../runs/source-path.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'
import { showRun } from '../show/show.ts'
import type { ShownRun } from '../show/summary.ts'

/** A file that a run read. Each null where it isn't known, or was erased. */
export interface InputFile {
  /** As the pipeline's file names it, or as the source listed it. */
  readonly path: string | null
  readonly sha256: string | null
}

export interface InputFacts {
  readonly source: string
  readonly plugin: string
  readonly records: number
  /** Of all its files, as far as they were read; null where it has none. */
  readonly bytes: number | null
  /** The file, or the pattern of its files; absolute, or a URL. null for a source that has no such, or of which it isn't known. */
  readonly path: string | null
  /** Empty for a source that reads no file. */
  readonly files: readonly InputFile[]
  readonly fields: readonly DeclaredField[]
}

/** A file that a run left. */
export interface OutputFile {
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

export interface OutputFacts {
  readonly sink: string
  readonly plugin: string
  readonly rows: number
  /** Once they are published; null if what is on record of them was erased. Empty for a sink that writes no file. */
  readonly files: readonly OutputFile[] | null
  /** Where it writes, or is about to; null where it writes no file, or that was erased. `*` for what rows say. */
  readonly path: string | null
}

/** The entry of the ledger's own log that seals the run. */
export interface SealedFact {
  /** Of the run's finished log. */
  readonly size: number
  readonly root: string
  readonly body: string
  /** C2SP tlog-proof, with the signed head of the ledger's own log. */
  readonly proof: string
}

export interface RunFacts {
  /** The ledger's id. */
  readonly ledger: string
  readonly shown: ShownRun
  readonly log: number
  readonly custody: string
  readonly plan_hash: string
  readonly topology: Topology
  readonly inputs: readonly InputFacts[]
  readonly outputs: readonly OutputFacts[]
  /** By node; of those of which it was erased, nothing. */
  readonly options: { readonly [node: string]: Json }
  readonly expressions: { readonly [node: string]: readonly ExpressionText[] }
  /** The run whose answers it was given, and the one whose rows it repeats. */
  readonly replays: string | null
  readonly reruns: string | null
  /** The signed head of the ledger's own log. */
  readonly checkpoint: string
  /** null if the run isn't sealed. */
  readonly sealed: SealedFact | null
}

/** Within one snapshot; `reader` gives nothing but what was signed. @throws UnsoundRecord */
export async function factsOf(
  reader: LedgerReader,
  { log, run }: { readonly log: number; readonly run: string },
  isHeld: IsHeld,
): Promise<RunFacts> {
  const opening = await openingOf(reader, log)
  const closing = await closingOf(reader, log)
  const plan = await planOf(reader, log)
  const { ledger, checkpoint, sealed } = await ledgerLogOf(reader, log)
  return {
    ...{ ledger, checkpoint, sealed, log },
    shown: await showRun(reader, run, isHeld),
    custody: opening.custody,
    plan_hash: opening.plan_hash,
    topology: opening.topology,
    inputs: await inputsOf(reader, log, { opening, closing }, plan),
    outputs: await outputsOf(reader, log, { opening, closing }),
    options: plan.options,
    expressions: plan.expressions,
    replays: opening.replays ?? null,
    reruns: opening.reruns?.run ?? null,
  }
}

async function ledgerLogOf(
  reader: LedgerReader,
  log: number,
): Promise<Pick<RunFacts, 'ledger' | 'checkpoint' | 'sealed'>> {
  const isSeal = (entry: LedgerEntry) => entry.k === 'sealed' && entry.log === log
  const { ledger, head, entries } = await loggedEntries(reader, await wantedEntries(reader, isSeal), 'bare')
  const checkpoint = head.note
  const { entry, logged } = entries.find(each => isSeal(each.entry)) ?? {}
  if (entry?.k !== 'sealed' || logged === undefined) return { ledger, checkpoint, sealed: null }
  return { ledger, checkpoint, sealed: { size: entry.size, root: entry.root, ...logged } }
}

interface Ends {
  readonly opening: Opening
  readonly closing: Closing
}

async function inputsOf(
  reader: LedgerReader,
  log: number,
  { opening, closing: { commit } }: Ends,
  plan: RecordedPlan,
): Promise<InputFacts[]> {
  const listed = await InputFiles.of(reader, log)
  const values = new ValuesOnRecord(reader, log)
  const inputs: InputFacts[] = []
  for (const [i, { name, kind, plugin = '' }] of opening.topology.nodes.entries()) {
    if (kind !== 'source') continue
    const cursor = commit?.entry.cursors.find(({ source }) => source === i + 1)
    const read = listed?.files.get(name)
    const files: InputFile[] = []
    for (const file of read ?? []) {
      const of = await listed?.valuesOfFile(file)
      files.push({ path: of?.name ?? null, sha256: of?.sha256 ?? null })
    }
    const path = pathIn(plan.options[name], plan.folder)
    if (read === undefined && path !== null) {
      const sha256 = commit === null ? null : await values.get(commit.seq, cursor ?? {}, 'hash')
      files.push({ path, sha256 })
    }
    const bytes = read?.reduce((sum, each) => sum + each.bytes, 0) ?? cursor?.bytes ?? null
    inputs.push({
      ...{ source: name, plugin, records: cursor?.records ?? 0, bytes, path, files },
      fields: plan.fields[name] ?? [],
    })
  }
  return inputs
}

async function outputsOf(reader: LedgerReader, log: number, { opening, closing }: Ends): Promise<OutputFacts[]> {
  const published = await publishedIn(reader, log, closing.publish, opening.topology)
  const intents = await intentsOf(reader, log)
  const outputs: OutputFacts[] = []
  for (const [i, { name, kind, plugin = '' }] of opening.topology.nodes.entries()) {
    if (kind !== 'sink') continue
    const fact = closing.publish?.entry.artifacts.find(({ sink }) => sink === i + 1)
    const { paths = null, contents = null } = published.get(name) ?? {}
    const files = contents?.flatMap((content, at) => {
      const path = paths?.[at]
      return path === undefined ? [] : [{ ...content, path }]
    })
    const receipt = closing.commit?.entry.receipts.find(({ sink }) => sink === i + 1)
    outputs.push({
      ...{ sink: name, plugin, rows: fact?.rows ?? receipt?.rows ?? 0 },
      files: fact?.paths === undefined ? [] : paths === null ? null : (files ?? null),
      path: intents[name]?.path ?? null,
    })
  }
  return outputs
}
