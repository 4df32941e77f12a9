/** Refuses whoever tries to sign in too often. */
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { TooManyError } from '../../host/too-many.ts'
import type { Attempts } from '../attempts.ts'

/** @throws TooManyError */
export function refuseHasty(context: Context, attempts: Attempts): void {
  const wait_ms = attempts.wait(addressOf(context))
  if (wait_ms > 0) throw new TooManyError('too many attempts to sign in', wait_ms)
}

/** Of whoever asks; one for all where a test asks without a connection. */
export function addressOf(context: Context): string {
  return context.env?.incoming === undefined ? '' : (getConnInfo(context).remote.address ?? '')
}
