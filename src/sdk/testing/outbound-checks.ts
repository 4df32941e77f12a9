/** Checks of sinks that send: what they make of rows. Nothing is sent. */
import type { Row } from '../../model/row.ts'
import type { OutboundSink, OutboundSinkSpec } from '../spec.ts'
import type { Findings, Problems } from './problems.ts'
import { SINK_ROWS } from './sink-checks.ts'
import { checkError, contextIn, eachSample, frozenRow, inFolder, RUN, type Sample, textOf } from './subject.ts'

/** Uses the sample's `rows_in`, or rows of its own; a sink may refuse rows with an error that it declares, but not all. */
export async function checkOutbound(
  spec: OutboundSinkSpec,
  samples: readonly Sample[],
  findings: Findings,
): Promise<void> {
  await eachSample(spec, samples, 'sending', findings, (sample, options, problems) =>
    checkOne(spec, options, sample, problems),
  )
}

async function checkOne(spec: OutboundSinkSpec, options: unknown, sample: Sample, problems: Problems): Promise<void> {
  const services = spec.services(options)
  problems.expect(services.length > 0, 'it names no service')
  problems.expect(typeof spec.idempotent(options) === 'boolean', 'idempotent() isn’t true or false')
  const batch = spec.batch?.(options) ?? null
  if (batch !== null) {
    problems.expect(Number.isSafeInteger(batch.rows) && batch.rows > 0, 'batch() says no number of rows')
    problems.expect(Number.isFinite(batch.wait_ms) && batch.wait_ms > 0, 'batch() doesn’t say how long a row waits')
  }
  await inFolder(sample, async folder => {
    const make = () =>
      spec.create(options, { ...contextIn(folder, sample), run: RUN, placed: null, originalNames: () => ({}) })
    const [first, second] = [await make(), await make()]
    const asked = new Set<string>()
    const requests = problems.of('requests')
    for (const row of (sample.rows_in ?? SINK_ROWS).map(frozenRow)) {
      const made = requestOf(spec, services, first, row, requests)
      if (made !== null) asked.add(made.service)
      requests.expect(
        requestOf(spec, services, second, row, requests)?.text === made?.text,
        'it doesn’t make the same request of a row each time',
      )
    }
    problems.expect(asked.size > 0, 'it refuses all rows; give the example rows_in')
    problems.expect(batch === null || asked.size < 2, 'it sends rows of one batch to several services')
    await first.close?.()
    await second.close?.()
  })
}

/** Canonical text of what is to be sent, and to whom; null if the row is refused. */
function requestOf(
  spec: OutboundSinkSpec,
  services: readonly string[],
  sink: OutboundSink,
  row: Row,
  problems: Problems,
): { readonly service: string; readonly text: string | null } | null {
  const outgoing = sink.request(row)
  if (outgoing.kind === 'error') {
    checkError(spec, outgoing, problems)
    return null
  }
  const { service, request } = outgoing
  problems.expect(services.includes(service), `it sends to ${service}, which isn’t among its services`)
  return { service, text: textOf(request, problems) }
}
