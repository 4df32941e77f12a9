/** A thread that works on splits of a run, one after the other, with its own plan and its own connection to the ledger. */
import { parentPort, workerData } from 'node:worker_threads'
import { addFilesRead } from '../../engine/nodes/sink/files-in-use.ts'
import { systemClock } from '../../engine/ports/ports.ts'
import { progressIn } from '../../engine/split/here.ts'
import { workOnOurs } from '../../engine/split/our-split.ts'
import { budgetOf, callsServices } from '../../engine/split/split-calls.ts'
import { SplitServices } from '../../engine/split/split-services.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import { ownKeychain } from '../../ledger/encryption/keychain.ts'
import { openLedger } from '../../ledger/open.ts'
import { writeThrough } from '../../ledger/thread/commit-thread.ts'
import { errorOf, failureOf } from '../../ledger/thread/messages.ts'
import type { SplittingLedger } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { Plan } from '../../plan/plan.ts'
import { Closing } from '../closing.ts'
import { compileRecorded } from '../compile.ts'
import { filesInUse } from '../files-in-use.ts'
import { ledgerPorts } from '../ledger-ports.ts'
import { piecesOf } from '../pieces.ts'
import { codeOf } from '../plugins/plugin-code.ts'
import { watchPlugins } from '../strays.ts'
import type { Order, PermitTold, Said, SplitThreadInput, Worked } from './split-messages.ts'

// cast: what split-threads.ts starts it with.
const input = workerData as SplitThreadInput
const tell = (said: Said) => parentPort?.postMessage(said)
const nothing = () => undefined

class SplitWorker {
  readonly #plan: Plan
  readonly #ledger: SplittingLedger
  readonly #strays: ReturnType<typeof watchPlugins>
  readonly #stop = new AbortController()
  readonly #closing: Closing
  readonly #in_use: ReturnType<typeof addFilesRead>
  /** Of the split that it works on. */
  #services: { readonly part: number; readonly services: SplitServices } | null = null

  private constructor(plan: Plan, ledger: SplittingLedger, strays: ReturnType<typeof watchPlugins>, closing: Closing) {
    const { env, cwd, url } = input
    this.#plan = plan
    this.#in_use = addFilesRead(plan, filesInUse(env, cwd, url, plan))
    this.#ledger = ledger
    this.#strays = strays
    this.#closing = closing
  }

  static async open(): Promise<SplitWorker> {
    const { url, env, encryption, commits, plan: recorded } = input
    const plan = await compileRecorded(env, recorded, nothing)
    if (plan.hash !== recorded.hash)
      throw new CustodyError('CUSTODY_PLAN_CHANGED', 'what the pipeline names was changed while its run began', {
        where: { file: recorded.file },
      })
    if (encryption !== null) ownKeychain.add(encryption)
    const ports = { ...ledgerPorts(env, nothing), ...(encryption === null ? {} : { encryption }) }
    const closing = new Closing(nothing)
    const options = {
      ...{ create: false, thread_from_entries: Number.POSITIVE_INFINITY },
      ...(commits === null ? {} : { write_split: writeThrough(commits, url) }),
    }
    const ledger = closing.add(await openLedger(url, ports, options))
    const strays = closing.add(watchPlugins(plan, what => tell({ kind: 'late', what })))
    return new SplitWorker(plan, ledger, strays, closing)
  }

  stop(): void {
    this.#stop.abort()
  }

  close(): Promise<void> {
    return this.#closing.close()
  }

  async work({ part, cuts }: Extract<Order, { kind: 'work' }>): Promise<Worked> {
    const { url, custody, run, opening, files, abandon, strict, staging, original_names, sends } = input
    const sharing = callsServices(this.#plan) ? this.#share(part) : {}
    const end = await workOnOurs({
      ...{ plan: this.#plan, run, part, opening, cuts, files, abandon, strict },
      ...{ ledger: this.#ledger, clock: systemClock(), signal: this.#stop.signal, strays: this.#strays },
      ...{ ...(staging === null ? {} : { staging }), ...sharing },
      codeOf: spec => codeOf(spec, custody),
      pieces: piecesOf(this.#plan, url, run),
      known: { originalNames: () => original_names, inUse: path => this.#in_use.find(path), names_files: false, sends },
      onProgress: each => tell({ kind: 'progress', progress: progressIn(each) }),
      onNotice: notice => tell({ kind: 'notice', notice }),
      onService: state => tell({ kind: 'service', state }),
    })
    if (end.kind === 'closed') return end
    const { kind, error, budget } = end
    return { kind, failure: error === null ? null : failureOf(error), budget }
  }

  #share(part: number): Pick<SplitRequest, 'shared' | 'elsewhere'> {
    const services = new SplitServices({
      budget_nusd: budgetOf(this.#plan.limits),
      clock: systemClock(),
      ask: asked => tell({ kind: 'permit', part, asked }),
    })
    this.#services = { part, services }
    return { shared: services, elsewhere: services }
  }

  /** What is for a split that it has left is of no use any more. */
  hear(part: number, said: PermitTold): void {
    if (this.#services?.part !== part) return
    this.#services.services.hear(
      said.kind === 'failed' ? { kind: said.kind, service: said.service, thrown: errorOf(said.failure) } : said,
    )
  }
}

let opened: Promise<SplitWorker> | null = null
let before: Promise<void> = Promise.resolve()

async function follow(order: Exclude<Order, { kind: 'stop' | 'permit' }>): Promise<void> {
  if (order.kind === 'work') {
    try {
      opened ??= SplitWorker.open()
      tell({ kind: 'worked', worked: await (await opened).work(order) })
    } catch (thrown) {
      tell({ kind: 'worked', worked: { kind: 'refused', failure: failureOf(thrown) } })
    }
    return
  }
  await (await opened?.catch(() => null))?.close()
  tell({ kind: 'ended' })
}

parentPort?.on('message', (order: Order) => {
  if (order.kind === 'stop') void opened?.then(worker => worker.stop(), nothing)
  else if (order.kind === 'permit') void opened?.then(worker => worker.hear(order.part, order.said), nothing)
  // One after another.
  else before = before.then(() => follow(order))
})
