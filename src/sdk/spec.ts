/**
 * What a plugin is. One spec holds all that documentation, validation, the editor's schema and `custody plugins` need;
 * `create` makes the thing that runs.
 */
import type { z } from 'zod'
import type { Json, Row } from '../model/row.ts'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import type { Call, CallAnswer } from './call.ts'
import type { MissingPackages, OptionProblem } from './option-problem.ts'
import type { Probing } from './probe.ts'
import type { Keyed, Outgoing, SendBatch, SendTry, Sent } from './sending.ts'
import type { Source } from './source.ts'

export type { MissingPackages, OptionProblem } from './option-problem.ts'
export type { Accepted, InDoubt, Keyed, Outgoing, Refused, Rejected, SendBatch, SendTry, Sent } from './sending.ts'
export type {
  CutLimits,
  FileRead,
  ResumePoint,
  Source,
  SourceColumn,
  SourceContext,
  SourceFileEnd,
  SourceFiles,
  SourceHead,
  SourceItem,
  SourceRange,
  SourceRecord,
  SourceReject,
  SourceRow,
} from './source.ts'

/** `deterministic`: same row, same result. `external`: asks something outside. `random`: neither. */
export type Determinism = 'deterministic' | 'external' | 'random'

export interface PluginExample {
  readonly title: string
  /** Options as YAML would give them. */
  readonly options: Json
  /** Rows that enter: the conformance kit runs them, of an aggregate as one batch. */
  readonly rows_in?: readonly Row[]
  /** Rows that leave a transform or an aggregate for these; of a source those that it reads, before its schema. */
  readonly rows_out?: readonly Row[]
  /** Labels that a gate gives, in order, without those that meet errors. */
  readonly labels?: readonly string[]
  /** What is known of some of their fields, as a schema would say it: `{amount: decimal(2)}`. */
  readonly types?: { readonly [field: string]: string }
  /** What its calls are answered, in order, again from the first after the last. */
  readonly answers?: readonly CallAnswer[]
  /** Codes of the errors that rows_in meet, or of records that a source rejects, in order. */
  readonly errors?: readonly string[]
  /** Files that the options name, by their path from the pipeline file's folder, with their content. */
  readonly files?: { readonly [path: string]: string }
}

/** A field that the options name. */
export interface FieldRequirement {
  readonly field: string
  /** True: the plugin works without it, too; that no row can have it is a warning. Absent: it must be there. */
  readonly optional?: boolean
  /** Types that it may have; any if absent. A decimal is a text where texts will do. */
  readonly types?: readonly ('string' | 'number' | 'integer' | 'decimal' | 'boolean' | 'array' | 'object')[]
  /** Where in the options the field is named, for the diagnostic. */
  readonly path: readonly (string | number)[]
}

/** A CEL expression among the options; the plan checks it against the schema before the run. */
export interface ExpressionUse {
  readonly path: readonly (string | number)[]
  readonly source: string
  /** What it must give. */
  readonly gives: 'any' | 'bool' | 'string'
  /** Names of secrets that it may use as `secrets.NAME`. */
  readonly secrets?: readonly string[]
}

/** A pattern among the options, in RE2 syntax. */
export interface PatternUse {
  readonly path: readonly (string | number)[]
  readonly source: string
}

/** An option that the pipeline gives as `{secret: NAME}`. Its value stands in its place, and belongs into no evidence. */
export interface SecretOption {
  readonly path: readonly (string | number)[]
  /** As the pipeline file has it: of an environment variable, or where it is kept. */
  readonly name: string
}

interface CommonSpec<O> {
  /** Lower case, digits and _. */
  readonly name: string
  /** One sentence without a full stop at the end. */
  readonly summary: string
  /** Markdown; more than the summary says. */
  readonly description?: string
  readonly options: z.ZodType<O>
  readonly determinism: Determinism
  /** Files that it reads, as the options name them: no sink of the pipeline may write to these. */
  readonly reads?: (options: O) => readonly string[]
  /**
   * Options that may be in files of their own, by their paths (`*`: any key). Where one is `{file: path}` the plugin gets the
   * file's content instead: of `.json`, `.yaml` and `.yml` the value, of others the text. It is read when the pipeline is
   * compiled, and is part of the plan.
   */
  readonly files?: readonly (readonly string[])[]
  /** Codes `[A-Z0-9_]{1,64}` of errors that it can return for a row, with one sentence each. */
  readonly errors: { readonly [code: string]: string }
  /** At least one. */
  readonly examples: readonly PluginExample[]
  /** Options that only a look at several of them together can refuse, or warn of. */
  readonly check?: (options: O, secrets: readonly SecretOption[]) => readonly OptionProblem[]
  /** Packages that it would load for these options, and can't: reported before a run. Null if nothing is missing. */
  readonly missing?: (options: O) => MissingPackages | null
}

/** What plugins that work on rows have besides. */
interface RowContracts<O> {
  /** Names of the services that it calls, as `limits.services` knows them. Absent: it calls none. */
  readonly services?: (options: O) => readonly string[]
  /** Why the most that a call can cost isn't known before it; null if it is. Absent: its calls cost nothing. */
  readonly unpriced?: (options: O) => string | null
  readonly requires?: (options: O, secrets: readonly SecretOption[]) => readonly FieldRequirement[]
  readonly expressions?: (options: O) => readonly ExpressionUse[]
  readonly patterns?: (options: O) => readonly PatternUse[]
  /**
   * What is known of a row that leaves, from what is known of one that enters. Absent: nothing is known of an aggregate's
   * new rows; all others keep the fields that are known, and may have any more. A plugin that adds none says
   * `(_options, input) => input`. A gate behind it may have no `on_error` because of what it says: a row that isn't so is a
   * defect of the plugin.
   * `types` has the schema of each expression's result by its path joined with `.`.
   */
  readonly guarantees?: (options: O, input: RowSchema, types: ReadonlyMap<string, FieldSchema>) => RowSchema
}

/** What a plugin gets when it is created. */
export interface PluginContext {
  /** Name of the node, source or sink in the pipeline. */
  readonly node: string
  /** Folder of the pipeline file: relative paths start here. */
  readonly folder: string
  /** What is known of rows that enter; of a source, what its schema declares. */
  readonly input: RowSchema
  /** Which of the options are secrets. */
  readonly secrets: readonly SecretOption[]
  /**
   * When the run started, in µs since the epoch, for expressions: the same when it is resumed or replayed. To be asked when a row is
   * processed; while plugins are created the run hasn't begun. Absent outside of runs.
   */
  readonly run_started_us?: () => number
}

// ── errors that a row meets ─────────────────────────────────────────────────────────────────────────────────────────

export interface RowError {
  readonly kind: 'error'
  /** One of the spec's codes. */
  readonly code: string
  /** For people; may name values of the row, so it is stored as content. */
  readonly message: string
  /** The field of the row that it is about, if it is about one. */
  readonly field?: string
  /** Whether another attempt could help. */
  readonly retryable: boolean
  /** More for people, as content. */
  readonly details?: Json
  /** Another attempt must not come sooner. */
  readonly retry_after_ms?: number
}

// ── sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SourceSpec<O = unknown> extends CommonSpec<O> {
  readonly kind: 'source'
  /** Whether what it yields can be read a second time (a file can, standard input can't). */
  readonly rereadable: (options: O) => boolean
  /** True: its options say that it can't be cut (`Source.cut`), and one split has to read all of it. Absent: that turns out when a run begins. */
  readonly uncut?: (options: O) => boolean
  /** Names of the services that it calls, as `limits.services` knows them. Absent: it calls none. */
  readonly services?: (options: O) => readonly string[]
  /** True if it may never end. */
  readonly endless?: (options: O) => boolean
  /** Cells are texts: the runner converts them to the declared types (CSV). Otherwise values must already fit. */
  readonly textual: boolean
  /** What is known of its rows where no schema is declared. */
  readonly yields?: (options: O) => RowSchema
  /** Fields that it adds to each record, whatever the input has: rows have them beside those that a schema declares. */
  readonly adds?: (options: O) => ReadonlyMap<string, FieldSchema>
  readonly create: (options: O, context: PluginContext) => Source | Promise<Source>
}

// ── transforms ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type TransformResult =
  | { readonly kind: 'row'; readonly row: Row }
  /** Expansion: new tokens in this order. None is the same as `filtered`. */
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'filtered' }
  | RowError

/** What a visit may use besides the row. */
export interface VisitContext {
  /** From 1. */
  readonly attempt: number
  /** Aborted when the run stops; long work should then give up. */
  readonly signal: AbortSignal
  readonly call: Call
}

export interface Transform extends Probing {
  /**
   * The row is frozen, to any depth. Must not throw for bad data. A result at once keeps the run in its fast loop; a promise
   * makes the node asynchronous, with `concurrency` of them under way at most.
   */
  process(row: Row, context: VisitContext): TransformResult | Promise<TransformResult>
  close?(): Promise<void>
}

/** What a transform that takes its rows in order gets besides the row. */
export interface OrderedVisitContext {
  /** How many rows the node has taken so far in this run, this one included: from 1. The same when the run is resumed. */
  readonly position: number
}

/** Makes `ordered: true`. */
export interface OrderedTransform {
  /**
   * The row is frozen, to any depth. Must not throw for bad data, and answers at once. What it returns depends on the row and its
   * position alone: what it keeps in memory is gone when the run is resumed.
   */
  process(row: Row, context: OrderedVisitContext): TransformResult
  close?(): Promise<void>
}

interface AnyTransformSpec<O> extends CommonSpec<O>, RowContracts<O> {
  readonly kind: 'transform'
  /** `many`: may return several rows (expansion). */
  readonly cardinality: 'one' | 'many'
  /** Whether it may return no row (`filtered`). */
  readonly filters?: boolean
}

export interface UnorderedTransformSpec<O = unknown> extends AnyTransformSpec<O> {
  /** It takes rows as they come: those before them may still wait for something. */
  readonly ordered?: false
  /** How many promises of one node may be under way. Absent: 16, or enough for its services' limits. */
  readonly concurrency?: (options: O) => number
  readonly create: (options: O, context: PluginContext) => Transform | Promise<Transform>
}

export interface OrderedTransformSpec<O = unknown> extends AnyTransformSpec<O> {
  /** It takes rows in the order in which sinks would, one at a time, and knows the position of each. Nothing is tried again there. */
  readonly ordered: true
  readonly determinism: 'deterministic'
  readonly services?: never
  readonly concurrency?: never
  readonly create: (options: O, context: PluginContext) => OrderedTransform | Promise<OrderedTransform>
}

export type TransformSpec<O = unknown> = UnorderedTransformSpec<O> | OrderedTransformSpec<O>

// ── gates ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export type GateResult = { readonly kind: 'label'; readonly label: string } | RowError

export interface Gate {
  decide(row: Row, context: VisitContext): GateResult | Promise<GateResult>
  close?(): Promise<void>
}

export interface GateSpec<O = unknown> extends CommonSpec<O>, Omit<RowContracts<O>, 'guarantees'> {
  readonly kind: 'gate'
  /** All labels that it can return, if that is known; then routes need no `else`. */
  readonly labels?: (options: O) => readonly string[] | null
  readonly concurrency?: (options: O) => number
  readonly create: (options: O, context: PluginContext) => Gate | Promise<Gate>
}

// ── aggregates ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type BatchResult =
  /** `output: transform`: new rows. */
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  /** `output: passthrough`: for each member, in order, its row or null (dropped). */
  | { readonly kind: 'members'; readonly rows: ReadonlyArray<Row | null> }
  | RowError

export interface Aggregate {
  process(rows: readonly Row[], context: VisitContext): BatchResult | Promise<BatchResult>
  close?(): Promise<void>
}

export interface AggregateSpec<O = unknown> extends CommonSpec<O>, RowContracts<O> {
  readonly kind: 'aggregate'
  readonly outputs: readonly ('transform' | 'passthrough')[]
  readonly create: (options: O, context: PluginContext) => Aggregate | Promise<Aggregate>
}

// ── sinks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a sink has made durable. */
export interface Receipt {
  readonly rows: number
  readonly bytes: number
  /** Lower-case hex of all bytes of the file up to here, those before the run included; null where there is no file. */
  readonly sha256: string | null
  /** Whatever it needs to continue from here, JSON. */
  readonly state: Json
  /** Of a sink whose paths depend on the row, from `finish` on: the files as they will stand. */
  readonly files?: readonly Artifact[]
}

/** What it is going to write to, found out without touching anything. */
export interface SinkIntent {
  /**
   * Absolute path of the final file; null for standard output and sinks without a file. With `by_value`: that of its files, with
   * `*` for each value.
   */
  readonly path: string | null
  /** `fail`, `append`, `replace`, `number`, `stream`; `send` where rows are sent; `none` where the run only rehearses. */
  readonly mode: string
  /** Length and SHA-256 of what is there before (append), else 0 and null. */
  readonly prior_bytes: number
  readonly prior_sha256: string | null
  /** Absolute path of the file that is written meanwhile and renamed at the end, or null. */
  readonly staged: string | null
  /** What stands at `path` and is replaced at the end (replace), else null or absent. */
  readonly replaced?: { readonly bytes: number; readonly sha256: string } | null
  /** Rows say which file they go to. */
  readonly by_value?: true
}

/** What became of an output that isn't wanted: staged and removed, cut back to what was there before, or left as it is. */
export type Discarded = { readonly kind: 'dropped' | 'cut' } | { readonly kind: 'left'; readonly why: string }

export interface Artifact {
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

/** A sink that can be wound back to its last receipt: a file, a table. Makes `delivery: 'rewindable'`. */
export interface Sink extends Probing {
  /** Looks, touches nothing. @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_SINK. */
  prepare(): Promise<SinkIntent>
  /**
   * Opens for writing: fresh as intended, or, with a receipt, wound back to it; called again to wind back later. What others
   * wrote is never cut away. @throws CustodyError CUSTODY_OUTPUT_HELD, CUSTODY_OUTPUT_CHANGED.
   */
  open(intent: SinkIntent, receipt: Receipt | null): Promise<void>
  /** Takes a row into memory. Returns an error if this row can't be written; nothing of it then is. */
  write(row: Row): RowError | null
  /** Takes texts of so many rows, as the spec's `texts` makes them, one after another; some may come with the next ones. */
  append?(texts: Uint8Array, rows: number): void
  /** Makes all rows so far durable (written and synced). @throws CustodyError CUSTODY_SINK, CUSTODY_SINK_FULL. */
  flush(): Promise<Receipt>
  /**
   * All rows are there, and `finish` will follow: a sink that finds out only now where files go looks, and touches nothing. True if its
   * next receipt says what has to be on record before it does.
   */
  settle?(): Promise<boolean>
  /** Writes what the format needs at its end, durably; the file may still be staged. */
  finish(): Promise<Receipt>
  /** Renames a staged file into place, or all of them. Can be repeated. */
  publish(): Promise<Artifact | readonly Artifact[] | null>
  /** Takes back all that the run has written, as far as nobody else touched it; it isn't published then. */
  discard?(): Promise<Discarded>
  /** What people should know of how it writes, since it was opened. */
  warnings?(): readonly string[]
  close(): Promise<void>
}

/**
 * What a sink would say of its rows, where nothing is written: of a dry run, and of a test. It looks at nothing outside, and takes no file
 * to be there yet.
 */
export interface Rehearsal {
  /** Asked of each row, in the order in which they would be written. An error is the one with which the row would be refused. */
  row(row: Row): RowError | Taken
}

/** The row would be written. */
export interface Taken {
  readonly kind: 'taken'
  /** The file that it goes to, as the pipeline file names it; null where rows don't say which. */
  readonly file: string | null
}

/** A sink that can't take back what it does: a web service. Makes `delivery: 'outbound'`. */
export interface OutboundSink<O extends Outgoing = Outgoing> extends Probing {
  /**
   * Looks, before the run begins, whether rows could be taken; touches nothing. Not asked when a run is resumed or given up.
   * @throws CustodyError
   */
  prepare?(): Promise<void>
  /** What is to be sent for a row, the same each time. Sends nothing. An error refuses the row. */
  request(row: Row): O | RowError
  /**
   * Sends one request, once, with these rows in this order: one, unless the spec's `batch` allows more. When it is made again it
   * has the same rows, so that the first key names it. Its result holds for all of them, but for rows that it says were refused, and is
   * recorded with each.
   * Must not throw for what a service or a network does.
   */
  send(rows: readonly [Keyed<O>, ...Keyed<O>[]], attempt: SendTry): Promise<Sent>
  /**
   * Of a run that is given up while requests may be under way: has the far side take nothing any more from who held the run before, with a
   * lower `epoch`. Absent: it can't. @throws CustodyError if that isn't certain; the run is given up all the same, and that is said.
   */
  fence?(epoch: number, signal: AbortSignal): Promise<void>
  close?(): Promise<void>
}

interface AnySinkSpec<O> extends CommonSpec<O>, Pick<RowContracts<O>, 'requires'> {
  readonly kind: 'sink'
  /** Options that only a look at what is known of the rows can warn of, or refuse. */
  readonly checkInput?: (options: O, input: RowSchema) => readonly OptionProblem[]
  /** Absent: nothing is known of rows before they are written, and all of them count as taken. */
  readonly rehearse?: (options: O, context: SinkContext) => Rehearsal
}

export interface RewindableSinkSpec<O = unknown> extends AnySinkSpec<O> {
  /** What it has written after its last receipt can be taken back. */
  readonly delivery?: 'rewindable'
  /** How others see its rows before the run has ended: behind what a file had, or in a stream. Absent or null: not at all. */
  readonly immediate?: (options: O) => 'append' | 'stream' | null
  /**
   * Of a run with splits: what makes the texts of rows that `Sink.append` takes, the same for a row of whichever split. Absent or null:
   * splits keep rows as they are, and all of them are written when the splits have ended.
   */
  readonly texts?: (options: O, context: SinkContext) => ((row: Row) => string | RowError) | null
  /**
   * Of a run with splits: why what they write, each knowing its own rows only, can't become what one would have written; null if it can.
   * Such a sink needs `rehearse`, if it can refuse rows: rows are refused where a split writes them. Absent: it can.
   */
  readonly together?: (options: O, input: RowSchema) => { readonly message: string; readonly hint: string } | null
  /** Files that it is certain to write, as the options name them: no other part of the pipeline may read or write these. */
  readonly writes?: (options: O) => readonly string[]
  readonly create: (options: O, context: SinkContext) => Sink | Promise<Sink>
}

export interface OutboundSinkSpec<O = unknown> extends AnySinkSpec<O> {
  /** What it sends can't be taken back. */
  readonly delivery: 'outbound'
  /** Names of the services that it sends to, as `limits.services` knows them. */
  readonly services: (options: O) => readonly string[]
  /** Whether sending a request again, with the same key, does no more than sending it once. */
  readonly idempotent: (options: O) => boolean
  /** Absent or null: a request has one row. */
  readonly batch?: (options: O) => SendBatch | null
  /**
   * Whether one request at a time is under way, in the order of the rows: the next is sent when all is known of the one before, however
   * often that is made again. Absent: as many as the service allows.
   */
  readonly sequential?: (options: O) => boolean
  /**
   * Fields of a row by which the far side finds one that it had before, to replace it or to refuse this one: of rows alike in these their
   * order decides what remains. Null: the order of rows changes nothing there. Absent: it may, where `sequential`.
   */
  readonly key?: (options: O) => readonly string[] | null
  /** Of a run with splits: whether all that sends must be in one thread. Absent: it needn't. */
  readonly alone?: (options: O) => boolean
  readonly create: (options: O, context: SinkContext) => OutboundSink | Promise<OutboundSink>
}

export type SinkSpec<O = unknown> = RewindableSinkSpec<O> | OutboundSinkSpec<O>

/**
 * Where a re-run’s files go, so that it replaces nothing: beside the old ones, as `NAME.rerun-N`, or to their end. A sink that
 * writes files of its own does likewise.
 */
export type Placed = { readonly kind: 'numbered'; readonly number: number } | { readonly kind: 'append' }

export interface SinkContext extends PluginContext {
  /** The run's id. */
  readonly run: string
  /** Which of the run's splits writes, from 1. Absent where the run as a whole does. */
  readonly part?: number
  /** null in any run but a re-run. */
  readonly placed: Placed | null
  /** `{field: original name}` of all sources, for headers as they were. Asked for when the first row is written. */
  readonly originalNames: () => { readonly [field: string]: string }
  /**
   * For paths that rows name: what a file is that the run needs or writes otherwise (as in "which is the ledger"); null for any other.
   * Absent outside of runs.
   */
  readonly inUse?: (path: string) => string | null
  /**
   * Absolute folder, which may not be there yet, for what is written before it is sent elsewhere, in folders that begin with the run's
   * id. Absent outside of runs, and where a run is resumed: then it stands in `SinkIntent.staged`.
   */
  readonly staging?: string
}

// biome-ignore lint/suspicious/noExplicitAny: a catalogue holds specs of any options; each is checked by its own zod type
export type PluginSpec = SourceSpec<any> | TransformSpec<any> | GateSpec<any> | AggregateSpec<any> | SinkSpec<any>
export type PluginKind = PluginSpec['kind']
