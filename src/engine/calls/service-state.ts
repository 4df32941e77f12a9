/** What is said of a service that keeps calls waiting: to people while the run is under way, and in the error that stops it. */
import { CustodyError, type ErrorCode } from '../../model/error.ts'
import { grouped } from '../../model/number-text.ts'
import { formatTime } from '../../model/time.ts'
import type { CallFailure, StopReason } from '../../sdk/call.ts'

/** What waits for a service. */
interface Waiting {
  /** Tokens that are open. */
  readonly open: number
  /** No row has had more than one. */
  readonly one_each: boolean
}

/** Reported live. Times are those of the day. */
export type ServiceState =
  | (Waiting & {
      readonly kind: 'down'
      readonly service: string
      /** Calls in a row that met an outage. */
      readonly failures: number
      /** A status, or a code. */
      readonly last: string
      readonly next_try_us: number
      readonly now_us: number
    })
  | (Waiting & {
      readonly kind: 'left_alone'
      readonly service: string
      readonly until_us: number
      readonly now_us: number
    })
  /** `per_minute` lets no call begin until then. `assumed`: because of what a process before this one may have asked. */
  | (Waiting & {
      readonly kind: 'paced'
      readonly service: string
      readonly until_us: number
      readonly now_us: number
      readonly assumed: boolean
    })
  | { readonly kind: 'back'; readonly service: string }

const HOUR_US = 3_600_000_000

const STOPS: { readonly [reason in StopReason]: readonly [ErrorCode, string] } = {
  auth: ['CUSTODY_SERVICE_AUTH', 'refuses who asks'],
  quota: ['CUSTODY_SERVICE_QUOTA', 'has no quota left for this account'],
  model: ['CUSTODY_SERVICE_MODEL', 'doesn’t have what the pipeline file asks it for'],
  status: ['CUSTODY_SERVICE_STATUS', 'gave a status that `stop_on` lists'],
}

/** The error of a run that stops because no call of the service can succeed. */
export function stopError(service: string, node: string, { stops, message }: CallFailure): CustodyError {
  const [code, what] = STOPS[stops ?? 'status']
  return new CustodyError(code, `${service} ${what}: ${message}`, { where: { node } })
}

/** The service was tried for as long as it may be. */
export function downError(service: string, failures: number, last: string): CustodyError {
  return new CustodyError(
    'CUSTODY_SERVICE_DOWN',
    `${service} doesn’t answer: ${grouped(failures)} calls in a row failed (${last})`,
  )
}

/** The service asks to be left alone for longer than `max_wait`, or has done so for that long. */
export function busyError(service: string, until_us: number, now_us: number): CustodyError {
  const message =
    until_us > now_us
      ? `${service} asks to be left alone until ${formatTime(until_us)}`
      : `${service} has asked to be left alone for as long as \`max_wait\` allows, and answered nobody`
  // An hour more, so that it is over by then.
  const hours = Math.ceil((until_us - now_us) / HOUR_US) + 1
  const hint =
    until_us > now_us
      ? `Resume then; or wait for it, with --set limits.services.${service}.max_wait=${hours}h.`
      : undefined
  return new CustodyError('CUSTODY_SERVICE_BUSY', message, { hint })
}

/** What people know an outage by: a status, if there was one. */
export function lastOf({ code, response }: CallFailure): string {
  const status = typeof response === 'object' && response !== null && 'status' in response ? response.status : null
  return typeof status === 'number' ? `${status}` : code
}
