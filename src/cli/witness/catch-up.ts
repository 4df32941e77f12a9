/** Gives the latest head of a ledger to its witnesses, and says who has cosigned it. */
import { resolve } from 'node:path'
import { ledgerUrl } from '../../host/ledger.ts'
import { givenText } from '../../host/witnessing/give-head.ts'
import { catchUp } from '../../host/witnessing/witnessing.ts'
import { CustodyError } from '../../model/error.ts'
import type { Context } from '../context.ts'
import type { WitnessArguments } from './arguments.ts'

/** Returns the exit code: 1 if somebody's word is missing. @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_POLICY. */
export async function catchUpLedger(context: Context, options: WitnessArguments): Promise<0 | 1> {
  const { terminal, cwd, env } = context
  const { policy, timestamps = null } = options
  const named = { witnesses: policy === undefined ? null : resolve(cwd, policy), timestamps }
  const given = await catchUp(env, ledgerUrl(context, options), named)
  if (given === null)
    throw new CustodyError('CUSTODY_ARGUMENT', 'no witness and no timestamp authority is named', {
      hint: 'Name a policy with --policy, or put one into your configuration folder as `witnesses`; docs/witnesses.md shows one.',
    })
  for (const trouble of given.troubles) terminal.report(`warning: ${trouble}`)
  const { origin, size, witnessed_by, quorum, timestamped, troubles } = given
  if (options.json === true) terminal.answerJson({ origin, size, witnessed_by, quorum, timestamped, troubles })
  else terminal.answer(givenText(given))
  return given.troubles.length === 0 && quorum !== false ? 0 : 1
}
