/**
 * Calls as OpenTelemetry knows them: those of models by the semantic conventions for generative AI, others as plain client spans. Nothing that was
 * asked or answered is among it.
 */
import type { Attributes, Meter, Span, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { CALL_OK, CALL_STATUSES, CALL_THROTTLED, isCallError, isRecordedCall } from '../format/entry.ts'
import type { AskedModel, CommittedCall, ObservedRun } from './committed.ts'

/** As the conventions name providers; others stay as the pipeline file names them. */
const PROVIDERS: { readonly [provider: string]: string } = {
  azure: 'azure.ai.openai',
  google: 'gcp.gemini',
  'amazon-bedrock': 'aws.bedrock',
}
/** In seconds and in LLM tokens, as the conventions advise. */
const DURATION_BUCKETS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const USAGE_BUCKETS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
/** Of one commit: a span costs as much as some rows. */
const MOST_SPANS = 50

const CLIENT = 2 satisfies SpanKind.CLIENT
const ERROR = 2 satisfies SpanStatusCode.ERROR

/** For spans whose parent is that of a node. */
export type Begin = (
  call: Pick<CommittedCall, 'node' | 'began_us'>,
  name: string,
  options: { kind: typeof CLIENT; startTime: Date; attributes: Attributes },
) => Span

export class CallSignals {
  readonly #run: ObservedRun
  readonly #calls
  readonly #cost
  readonly #duration
  readonly #usage

  constructor(run: ObservedRun, meter: Meter) {
    this.#run = run
    this.#calls = meter.createCounter('custody.calls', { unit: '{call}', description: 'Calls of services, by status' })
    this.#cost = meter.createCounter('custody.cost', { unit: 'USD', description: 'What calls of models cost' })
    this.#duration = meter.createHistogram('gen_ai.client.operation.duration', {
      unit: 's',
      description: 'GenAI operation duration',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    })
    this.#usage = meter.createHistogram('gen_ai.client.token.usage', {
      unit: '{token}',
      description: 'Number of input and output tokens used',
      advice: { explicitBucketBoundaries: USAGE_BUCKETS },
    })
  }

  report(calls: readonly CommittedCall[], begin: Begin): void {
    for (const call of calls) this.#count(call)
    for (const call of calls.slice(0, MOST_SPANS)) this.#span(call, begin)
  }

  #count(call: CommittedCall): void {
    const { node, model, service } = this.#of(call)
    const own = { 'custody.pipeline': this.#run.pipeline, 'custody.node': node, 'custody.service': service }
    this.#calls.add(1, { ...own, 'custody.call.status': CALL_STATUSES[call.status] })
    if (call.cost_nusd > 0) this.#cost.add(call.cost_nusd / 1e9, { ...own, ...modelAttributes(model) })
    // What was on record was asked of nobody.
    if (model === null || isRecordedCall(call.status)) return
    const attributes = { ...modelAttributes(model), ...errorType(call) }
    this.#duration.record(call.duration_us / 1e6, attributes)
    if (call.status !== CALL_OK) return
    this.#usage.record(call.input_tokens, { ...attributes, 'gen_ai.token.type': 'input' })
    this.#usage.record(call.output_tokens, { ...attributes, 'gen_ai.token.type': 'output' })
  }

  #span(call: CommittedCall, begin: Begin): void {
    const { node, model, service } = this.#of(call)
    const name = model === null ? `call ${service}` : `chat ${model.model}`
    const span = begin(call, name, {
      kind: CLIENT,
      startTime: dateOf(call.began_us),
      attributes: {
        'custody.run': this.#run.run,
        'custody.node': node,
        'custody.service': service,
        'custody.call': call.call,
        'custody.call.status': CALL_STATUSES[call.status],
        'custody.attempt': call.attempt,
        'custody.token': call.token,
        ...(call.row === 0 ? {} : { 'custody.row': call.row }),
        ...modelAttributes(model),
        ...(model === null
          ? {}
          : {
              'gen_ai.usage.input_tokens': call.input_tokens,
              'gen_ai.usage.output_tokens': call.output_tokens,
              'custody.cost_usd': call.cost_nusd / 1e9,
            }),
        ...errorType(call),
      },
    })
    if (call.status !== CALL_THROTTLED && isCallError(call.status)) span.setStatus({ code: ERROR })
    span.end(dateOf(call.began_us + call.duration_us))
  }

  #of(call: CommittedCall): { readonly node: string; readonly model: AskedModel | null; readonly service: string } {
    const node = this.#run.topology.nodes[call.node - 1]
    const name = node?.name ?? String(call.node)
    return { node: name, model: this.#run.models.get(name) ?? null, service: node?.services?.[call.service - 1] ?? '' }
  }
}

function modelAttributes(model: AskedModel | null): Attributes {
  if (model === null) return {}
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': PROVIDERS[model.provider] ?? model.provider,
    'gen_ai.request.model': model.model,
  }
}

/** Codes of errors are declared by plugins, but a call's own are values; its status says enough. */
function errorType({ status }: CommittedCall): Attributes {
  return !isCallError(status) ? {} : { 'error.type': CALL_STATUSES[status] }
}

export function dateOf(us: number): Date {
  return new Date(us / 1000)
}
