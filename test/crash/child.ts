/**
 * A process that runs or resumes a pipeline as the command line does, and ends or suspends itself at a named point. Its one
 * argument is an Order; it prints `{"begun":true}` before the first point, and a Report at its end, a line each.
 */
import { writeSync } from 'node:fs'
import type { AtPoint, Point } from '../../src/engine/ports/crash-points.ts'
import { signingKey } from '../../src/ledger/keys/keys.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { type Drive, drive } from './drive.ts'

/** The n-th time, from 1, that a point is met; `any`: that any of them is. */
export interface Moment {
  readonly point: Point | 'any'
  readonly nth: number
}

export interface Order
  extends Pick<Drive, 'folder' | 'url' | 'resume' | 'key_file' | 'threaded' | 'ahead_us' | 'abandon'> {
  /** Ends itself there, without any chance to do something else. */
  readonly kill?: Moment | undefined
  /** Is told to stop there, as by whoever interrupts it. */
  readonly stop?: Moment | undefined
  /** Suspends itself there, until it is sent SIGCONT. */
  readonly suspend?: Moment | undefined
}

export interface Report {
  /** null if the run couldn't begin. */
  readonly status: string | null
  /** Code of the error that stopped it. */
  readonly code: string | null
  readonly message: string | null
  /** How often each point was met, and `any`: all of them together. */
  readonly points: { readonly [point: string]: number }
}

const order = JSON.parse(process.argv[2] as string) as Order
const points: Record<string, number> = {}
const stopping = new AbortController()
report({ ...(await obey()), points } satisfies Report)

async function obey(): Promise<Omit<Report, 'points'>> {
  try {
    const { summary, error } = await drive({
      ...order,
      signer: signingKey(process.env),
      atPoint,
      signal: stopping.signal,
      onOpened: () => report({ begun: true }),
    })
    return { status: summary.status, code: error?.code ?? null, message: error?.message ?? null }
  } catch (thrown) {
    if (!isCustodyError(thrown)) throw thrown
    return { status: null, code: thrown.code, message: thrown.message }
  }
}

function atPoint(...[point]: Parameters<AtPoint>): void {
  for (const met of [point, 'any'] as const) points[met] = (points[met] ?? 0) + 1
  // The kernel delivers a signal to its own sender before it lets it continue.
  if (isMoment(order.kill, point)) process.kill(process.pid, 'SIGKILL')
  if (isMoment(order.stop, point)) stopping.abort()
  if (isMoment(order.suspend, point)) process.kill(process.pid, 'SIGSTOP')
}

function isMoment(moment: Moment | undefined, point: Point): boolean {
  return (moment?.point === point || moment?.point === 'any') && moment.nth === points[moment.point]
}

/** At once, whatever happens to this process next. */
function report(value: object): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}
