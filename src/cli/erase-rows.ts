/** Erases rows of a run, and reports what is gone, what was derived from it, and what has it elsewhere. */
import { type Chosen, eraseRows, type Search } from '../host/erase.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { giveToNamed } from '../host/witnessing/witnessing.ts'
import { CustodyError } from '../model/error.ts'
import type { ErasePlan } from '../read/erase/plan.ts'
import type { NamedRow } from '../read/recorded/named-row.ts'
import type { Context } from './context.ts'
import {
  certificateText,
  erasePorts,
  pendingError,
  refuseCertificatePlace,
  reportPending,
  writeCertificate,
} from './erasing.ts'
import type { LedgerOptions } from './ledger-access.ts'
import { renderErased } from './render/erased.ts'
import { counted } from './render/text.ts'

export interface EraseOptions extends LedgerOptions {
  readonly row?: readonly NamedRow[]
  readonly where?: string
  readonly derived?: boolean
  readonly yes?: boolean
  readonly out?: string
  readonly json?: boolean
}

/** The answer in JSON where nothing was erased. */
const NOTHING = { erased: [], derived: [], elsewhere: [], certificate: null }

/** Returns the exit code. @throws CustodyError if nothing can be erased. */
export async function eraseOfRun(context: Context, run: string, options: EraseOptions): Promise<0 | 1> {
  const { terminal, host } = context
  const url = ledgerUrl(context, options)
  const chosen = chosenBy(context, options)
  refuseCertificatePlace(context, options)
  const { derived = false, yes = false, json = false } = options
  const asks = derived && !yes && host.ask !== undefined
  const confirm = asks ? (plan: ErasePlan) => confirmed(context, plan) : null
  const result = await eraseRows({ url, run, chosen, derived, confirm }, erasePorts(context))
  if (result.kind === 'refused') {
    if (json) terminal.answerJson(NOTHING)
    terminal.report('Nothing was erased.')
    return 1
  }
  if (result.kind === 'nothing_fits') return nothingFits(context, result.search, json)
  await giveToNamed(context.env, url, why => terminal.report(`warning: ${why}`))
  const { plan, certified, pending } = result.outcome
  if (certified === null && pending === null) throw nothingNamed(context)
  const certificate = certified === null ? null : writeCertificate(context, certified, 'erasure', options.out)
  if (json) {
    const { erased, elsewhere } = plan
    const answer = { erased, derived: plan.derived, elsewhere, certificate }
    terminal.answerJson(pending === null ? answer : { ...answer, pending: pendingError(pending) })
  } else {
    if (chosen.kind !== 'none') terminal.report(renderErased(plan, context, derived))
    if (result.search !== null) reportRejected(context, result.search)
    if (certified !== null && certificate !== null) terminal.report(certificateText(context, certificate, certified))
    if (pending !== null) reportPending(context, pending)
  }
  return pending === null ? 0 : 1
}

/** @throws CustodyError CUSTODY_ARGUMENT. */
function chosenBy({ command }: Context, { row, where, derived }: EraseOptions): Chosen {
  const hint = `As in: ${command} erase latest --row 17`
  if (row !== undefined && where !== undefined)
    throw new CustodyError('CUSTODY_ARGUMENT', 'only one of --row and --where can be given', { hint })
  if (row !== undefined) return { kind: 'rows', rows: row }
  if (where !== undefined) return { kind: 'where', where }
  if (derived === true)
    throw new CustodyError('CUSTODY_ARGUMENT', '--derived says what else goes with rows, and none are named', { hint })
  return { kind: 'none' }
}

/** Nothing of the run was ever erased, so that there is nothing to finish. */
function nothingNamed({ command }: Context): CustodyError {
  return new CustodyError(
    'CUSTODY_ARGUMENT',
    'which rows are to be erased must be said; nothing of the run was before',
    { hint: `As in: ${command} erase latest --row 17` },
  )
}

function nothingFits(context: Context, search: Search, json: boolean): 0 {
  const { terminal } = context
  if (json) terminal.answerJson(NOTHING)
  else {
    const why = search.trouble === null ? '' : `: the expression is an error for each row, as in: ${search.trouble}`
    terminal.report(`No row fits${why}.\nNothing was erased.`)
    reportRejected(context, search)
  }
  return 0
}

function reportRejected({ terminal }: Context, { rejected }: Search): void {
  if (rejected === 0) return
  const records = counted(rejected, 'record was rejected and has', 'records were rejected and have')
  terminal.report(`${records} no fields: name such rows with --row`)
}

async function confirmed({ host, terminal }: Context, { erased, derived }: ErasePlan): Promise<boolean> {
  if (derived.length === 0) return true
  const rows = derived.filter(each => each.row !== undefined).length
  const batches = derived.filter(each => each.batch !== undefined).length
  const runs = derived.length - rows - batches
  const parts = [
    ...(rows === 0 ? [] : [`of ${counted(rows, 'other row')}`]),
    ...(batches === 0 ? [] : [`of ${counted(batches, 'batch', 'batches')}`]),
    ...(runs === 0 ? [] : [`of ${counted(runs, 'run')} as a whole`]),
  ]
  terminal.report(
    `With ${counted(erased.length, 'row')} values are erased for good that were derived: ${parts.join(', ')}.`,
  )
  return (await host.ask?.('Erase them?')) === true
}
