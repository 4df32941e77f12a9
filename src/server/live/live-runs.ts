/**
 * Runs followed while they are written, by whichever process: what the ledger has of them is asked for again and again, as long as somebody
 * listens.
 *
 * LIVE-RUNS-1. However many listen to one thing, it is asked for once at a time.
 * LIVE-RUNS-2. Nothing is asked for while the ledger's file stays as it is, but each `LEASE_MS`, since a process that has gone writes nothing.
 * LIVE-RUNS-3. There are at most `MOST_LISTENERS`: whoever lets one in asks `refuseOneTooMany` first.
 */
import type { RunChanged } from '../../api/live.ts'
import type { RunLine, UnreadableRun } from '../../api/runs.ts'
import { TooManyError } from '../../host/too-many.ts'
import type { Answering } from '../answering.ts'
import { failedBy } from '../failures.ts'
import type { Send } from './events.ts'

export const EVERY_MS = 1_000
const LEASE_MS = 2_000
export const MOST_LISTENERS = 100
/** Newest runs that are looked at for changes. */
const RUNS_FOLLOWED = 30

export interface LivePorts {
  readonly answers: Answering
  /** Changes with each commit to the ledger; null where that can't be seen from outside. */
  readonly mark: () => Promise<string | null>
  /** Calls back each so many milliseconds, until it is stopped. */
  readonly every: (ms: number, work: () => void) => () => void
}

/** Asks, and gives what is new since it was asked before: events by their subjects. */
type Look = (signal: AbortSignal) => Promise<ReadonlyMap<string, unknown>>

interface Topic {
  readonly event: string
  readonly look: Look
  readonly listeners: Set<Send>
  /** Last event of each subject, as JSON. */
  readonly known: Map<string, { readonly event: string; readonly text: string; readonly data: unknown }>
  readonly ending: AbortController
  readonly stop: () => void
  mark: string | null
  ticks: number
  is_busy: boolean
}

export class LiveRuns {
  private readonly ports: LivePorts
  private readonly topics = new Map<string, Topic>()
  private listening = 0

  constructor(ports: LivePorts) {
    this.ports = ports
  }

  get listeners(): number {
    return this.listening
  }

  /** Counts of one run, by its id: event `counts`, until `ended`. */
  followRun(run: string, send: Send, ended: AbortSignal): Promise<void> {
    const { answers } = this.ports
    const look: Look = async signal => new Map([[run, await answers.ask('counts', { run }, { signal })]])
    return this.follow(run, 'counts', look, send, ended)
  }

  /** Event `run` for each that began, went on or ended, and for the newest ones at the beginning. */
  followAll(send: Send, ended: AbortSignal): Promise<void> {
    const { answers } = this.ports
    const look: Look = async signal => {
      const { runs } = await answers.ask('runs', { limit: RUNS_FOLLOWED }, { signal })
      return new Map(runs.filter(isReadable).map(each => [each.run, changed(each)]))
    }
    return this.follow('', 'run', look, send, ended)
  }

  /** To be asked just before one of these: whether one more may listen. @throws TooManyError */
  refuseOneTooMany(): void {
    if (this.listening >= MOST_LISTENERS) throw new TooManyError(`${MOST_LISTENERS} are listening already`, LEASE_MS)
  }

  private async follow(key: string, event: string, look: Look, send: Send, ended: AbortSignal): Promise<void> {
    if (ended.aborted) return
    const topic = this.topics.get(key) ?? this.begin(key, event, look)
    this.listening += 1
    topic.listeners.add(send)
    for (const [subject, known] of topic.known) send(known.event, known.data, subject)
    try {
      await new Promise<void>(resolve => ended.addEventListener('abort', () => resolve(), { once: true }))
    } finally {
      this.listening -= 1
      topic.listeners.delete(send)
      if (topic.listeners.size === 0) this.end(key, topic)
    }
  }

  private begin(key: string, event: string, look: Look): Topic {
    const topic: Topic = {
      event,
      look,
      listeners: new Set(),
      known: new Map(),
      ending: new AbortController(),
      stop: this.ports.every(EVERY_MS, () => void this.tick(topic)),
      mark: null,
      ticks: 0,
      is_busy: false,
    }
    this.topics.set(key, topic)
    void this.tick(topic)
    return topic
  }

  private end(key: string, topic: Topic): void {
    topic.stop()
    topic.ending.abort()
    this.topics.delete(key)
  }

  private async tick(topic: Topic): Promise<void> {
    if (topic.is_busy) return
    topic.is_busy = true
    try {
      const mark = await this.ports.mark()
      const is_due = topic.ticks++ % (LEASE_MS / EVERY_MS) === 0
      if (mark !== null && mark === topic.mark && !is_due) return
      this.tell(topic, topic.event, await topic.look(topic.ending.signal))
      topic.mark = mark
    } catch (error) {
      if (!topic.ending.signal.aborted) this.tell(topic, 'failed', new Map([['failed', failedBy(error).body]]))
    } finally {
      topic.is_busy = false
    }
  }

  private tell({ known, listeners }: Topic, event: string, found: ReadonlyMap<string, unknown>): void {
    for (const [subject, data] of found) {
      const text = JSON.stringify(data)
      if (known.get(subject)?.text === text) continue
      known.set(subject, { event, text, data })
      for (const send of listeners) send(event, data, subject)
    }
    // What isn't among the newest any more is forgotten.
    for (const subject of known.keys()) if (!found.has(subject)) known.delete(subject)
  }
}

function isReadable(line: RunLine | UnreadableRun): line is RunLine {
  return !('problem' in line)
}

function changed({ run, name, status, rows, tokens, failed_rows }: RunLine): RunChanged {
  return { run, name, status, rows, tokens, failed_rows }
}
