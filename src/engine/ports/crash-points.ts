/**
 * The moments around everything that becomes durable, by name. Tests crash a run at each of them and go on: whatever stands
 * half done there must come out as if nothing had happened (I5).
 */
export const POINTS = [
  /** Sinks and sources were looked at; the ledger has nothing of the run. */
  'before_open',
  /** Entry 0 is durable; no output was touched. */
  'after_open',
  /** Records are dealt to splits; their spools aren't durable. */
  'mid_deal',
  /** They are, and nothing of them is on record. */
  'after_deal',
  /** It is recorded what each split reads, and none has begun. Only where there are splits. */
  'after_cut',
  /** Sinks are there, and empty. */
  'after_outputs_open',
  /** A service is about to be asked. */
  'before_call',
  /** What it came to is recorded, and not durable. */
  'after_call',
  /** Rows were processed; nothing of them is durable. */
  'before_flush',
  /** Some outputs are ahead of the ledger, others not. */
  'mid_flush',
  /** All outputs are ahead of the ledger. */
  'after_flush',
  /** The ledger has the receipts. */
  'after_commit',
  /** The ledger has what is about to be sent; nothing of it is. Only where a sink sends. */
  'before_send',
  /** Some outputs have what splits have written, and are ahead of the ledger; others not. Only where there are splits. */
  'mid_assembly',
  /** The last rows and the ends of formats are durable, and it is recorded what will be renamed. */
  'before_publish',
  /** Some files are renamed. */
  'mid_publish',
  /** All files are in place; the run isn't sealed. */
  'before_seal',
  'after_seal',
  /** Another process has taken the run over; it has recorded nothing. */
  'after_take_over',
  /** It has recorded that it continues the run; outputs are not yet wound back. */
  'after_resume_entry',
  /** Some outputs are wound back. */
  'mid_rewind',
] as const
export type Point = (typeof POINTS)[number]

/** Called at each point; does nothing in a real run. */
export type AtPoint = (point: Point) => void
