/** What one process is asked to measure, and what it answers, as JSON. Each measurement has a process of its own. */
import type { WorkloadName } from './workloads.ts'

export interface RunTask {
  readonly kind: 'run'
  readonly workload: WorkloadName
  readonly rows: number
  /** False: with the ledger that discards everything. */
  readonly evidence: boolean
  /** Made for this run alone; `data.csv` lies beside it. The ledger is `custody.db` in it. */
  readonly folder: string
  /** Whether its values are encrypted, with a key of its own. */
  readonly encrypted?: boolean
  /** URL of a ledger somewhere else; absent: `custody.db`. */
  readonly ledger?: string
  /** The process kills itself at the first commit with that many rows, and gives no answer. */
  readonly crash_after?: number
  /** Where to leave a CPU profile of the run; absent: none is taken. */
  readonly profile?: string
}

/** Resumes the run that crashed in `folder`. */
export interface ResumeTask {
  readonly kind: 'resume'
  readonly workload: WorkloadName
  readonly folder: string
}

export interface ReadTask {
  readonly kind: 'read'
  /** Folder of a run with evidence. */
  readonly folder: string
  /** The row to be explained. */
  readonly row: number
}

/** Asks a chaos peer about each row. */
export interface CallsTask {
  readonly kind: 'calls'
  readonly rows: number
  readonly concurrency: number
  /** The peer's base URL. */
  readonly api_url: string
  readonly folder: string
}

/** Explains rows of the ledger's latest run, and reads pages of them. */
export interface LookTask {
  readonly kind: 'look'
  readonly ledger: string
  /** Of the run. */
  readonly rows: number
  /** The process whose children are the backends of the ledger's server; null: there is none. */
  readonly server_pid: number | null
  /** The user's configuration folder: which ledgers they know. */
  readonly config: string
}

export type Task = RunTask | ResumeTask | ReadTask | CallsTask | LookTask

/** Where a run was. */
export interface Mark {
  readonly rows: number
  readonly seconds: number
  /** CPU time of all threads of the process. */
  readonly cpu_seconds: number
  readonly rss_bytes: number
}

export interface RunSample {
  readonly rows: number
  /** From the call of the engine to its answer: opening commit, all rows, renamed files and seal included. */
  readonly seconds: number
  readonly rows_per_second: number
  /** CPU time of all threads of the process, for the same span. */
  readonly cpu_us_per_row: number
  /** CPU time of the main thread alone. */
  readonly main_cpu_us_per_row: number
  /** Peak of the whole process, its start included. */
  readonly peak_rss_bytes: number
  /** At most some hundred, evenly spread; each after a commit. */
  readonly marks: readonly Mark[]
  /** Size of the closed ledger file; 0 without evidence. */
  readonly ledger_bytes: number
}

export interface ResumeSample {
  /** Before the crash. */
  readonly rows: number
  /** From opening the ledger to the moment at which the state is restored, and no row has been read yet. */
  readonly restored_seconds: number
  /** … to the first commit with new rows, which are a thousand as a rule. */
  readonly first_commit_seconds: number
}

/** The index of rows (src/search). */
export interface SearchSample {
  /** As it is built, for each second of a processor. */
  readonly rows_per_cpu_second: number
  readonly bytes_per_row: number
  /** Of some questions, the first page and one far behind, each from opening the index to rows that were checked. */
  readonly slowest_ms: number
}

/** CPU time of one question, mean of many with the ledger open: of the process, and of the server's backends. */
export interface Look {
  readonly own_ms: number
  readonly server_ms: number
  /** From question to answer, median. */
  readonly waited_ms: number
}

export interface LookSample {
  readonly explain: Look
  readonly page: Look
}

export interface ReadSample {
  /** Opening the ledger, finding the run and reading the story of a row, the first time in a process. */
  readonly explain_first_ms: number
  /** The same again, other rows: median. */
  readonly explain_again_ms: number
  readonly verify_seconds: number
  readonly verify_ok: boolean
  readonly search: SearchSample
}
