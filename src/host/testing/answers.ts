/**
 * Answers that a case gives in the place of services. Calls go through the engine as ever, with their record and their retries; only
 * who answers is another.
 *
 * ANSWERS-1. Nothing is asked outside: a call that no answer fits fails the case.
 * ANSWERS-2. A call gets the first answer that fits its request and wasn't given yet; if all that fit were, the last of them again.
 */
import type { GivenAnswer } from '../../config/tests/format.ts'
import { canonicalize } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { AggregateNode, GateNode, PlanNode, PluginOf, TransformNode } from '../../plan/plan.ts'
import type { Call, CallAnswer } from '../../sdk/call.ts'
import type { AggregateSpec, GateSpec, UnorderedTransformSpec, VisitContext } from '../../sdk/spec.ts'
import { fits } from './fits.ts'

export class Answers {
  readonly #given: ReadonlyMap<string, readonly GivenAnswer[]>
  readonly #used = new Set<GivenAnswer>()
  /** Why the case fails, whatever else it comes to: what was asked and has no answer. */
  readonly missing: string[] = []

  constructor(given: ReadonlyMap<string, readonly GivenAnswer[]>) {
    this.#given = given
  }

  /** Answers that nobody asked for, by their service and place in its list. */
  unused(): ReadonlyArray<{ readonly service: string; readonly index: number }> {
    return [...this.#given].flatMap(([service, answers]) =>
      answers.flatMap((answer, index) => (this.#used.has(answer) ? [] : [{ service, index }])),
    )
  }

  /** @throws CustodyError CUSTODY_TEST_ANSWER. */
  take(service: string, request: Json): CallAnswer {
    const fitting = (this.#given.get(service) ?? []).filter(({ when }) => when === undefined || fits(when, request))
    const found = fitting.find(each => !this.#used.has(each)) ?? fitting.at(-1)
    if (found === undefined) {
      const message = `the case has no answer of \`${service}\` to ${canonicalize(request)}`
      this.missing.push(message)
      throw new CustodyError('CUSTODY_TEST_ANSWER', message)
    }
    this.#used.add(found)
    return 'response' in found ? { kind: 'answer', response: found.response } : { kind: 'failure', ...found.failure }
  }

  /** The node, with its calls answered from here. */
  of(node: PlanNode): PlanNode {
    switch (node.kind) {
      case 'transform':
        return this.#ofTransform(node)
      case 'aggregate':
        return this.#ofAggregate(node)
      case 'gate':
        return node.by.kind === 'plugin' ? this.#ofGate(node, node.by.plugin) : node
      default:
        return node
    }
  }

  #ofTransform(node: TransformNode): TransformNode {
    const { spec } = node.plugin
    if (spec.ordered === true) return node
    const create: UnorderedTransformSpec['create'] = async (...made) => {
      const own = await spec.create(...made)
      return { process: (row, context) => own.process(row, this.#within(context)), close: async () => own.close?.() }
    }
    return { ...node, plugin: { ...node.plugin, spec: { ...spec, create } } }
  }

  #ofAggregate(node: AggregateNode): AggregateNode {
    const { spec } = node.plugin
    const create: AggregateSpec['create'] = async (...made) => {
      const own = await spec.create(...made)
      return { process: (rows, context) => own.process(rows, this.#within(context)), close: async () => own.close?.() }
    }
    return { ...node, plugin: { ...node.plugin, spec: { ...spec, create } } }
  }

  #ofGate(node: GateNode, plugin: PluginOf<GateSpec>): GateNode {
    const { spec } = plugin
    const create: GateSpec['create'] = async (...made) => {
      const own = await spec.create(...made)
      return { decide: (row, context) => own.decide(row, this.#within(context)), close: async () => own.close?.() }
    }
    return { ...node, by: { kind: 'plugin', plugin: { ...plugin, spec: { ...spec, create } } } }
  }

  #within({ attempt, signal, call }: VisitContext): VisitContext {
    const answered: Call = (service, request, _perform) =>
      call(service, request, async () => this.take(service, request.request))
    return { attempt, signal, call: answered }
  }
}
