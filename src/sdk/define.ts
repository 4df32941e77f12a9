/**
 * How plugins are written. Each function returns its argument, typed: the options of `create`, `guarantees` and so on are
 * what the zod type gives.
 *
 * ```ts
 * export default defineTransform({
 *   name: 'shout',
 *   summary: 'Makes a text upper case',
 *   options: z.strictObject({ field: z.string() }),
 *   determinism: 'deterministic',
 *   errors: { NOT_TEXT: 'The field isn’t a text.' },
 *   examples: [{ title: 'A name', options: { field: 'name' }, rows_in: [{ name: 'ada' }], rows_out: [{ name: 'ADA' }] }],
 *   cardinality: 'one',
 *   create: ({ field }) => ({ process: row => … }),
 * })
 * ```
 */
import type { z } from 'zod'
import type {
  AggregateSpec,
  GateSpec,
  OrderedTransformSpec,
  OutboundSinkSpec,
  RewindableSinkSpec,
  SinkSpec,
  SourceSpec,
  TransformSpec,
  UnorderedTransformSpec,
} from './spec.ts'

type Definition<Spec, Type> = Omit<Spec, 'kind' | 'options'> & { readonly options: Type }

export function defineSource<Type extends z.ZodType>(
  spec: Definition<SourceSpec<z.output<Type>>, Type>,
): SourceSpec<z.output<Type>> {
  return { kind: 'source', ...spec } as SourceSpec<z.output<Type>>
}

export function defineTransform<Type extends z.ZodType>(
  spec: Definition<UnorderedTransformSpec<z.output<Type>>, Type>,
): UnorderedTransformSpec<z.output<Type>>
export function defineTransform<Type extends z.ZodType>(
  spec: Definition<OrderedTransformSpec<z.output<Type>>, Type>,
): OrderedTransformSpec<z.output<Type>>
export function defineTransform(spec: object): TransformSpec {
  return { kind: 'transform', ...spec } as TransformSpec
}

export function defineGate<Type extends z.ZodType>(
  spec: Definition<GateSpec<z.output<Type>>, Type>,
): GateSpec<z.output<Type>> {
  return { kind: 'gate', ...spec } as GateSpec<z.output<Type>>
}

export function defineAggregate<Type extends z.ZodType>(
  spec: Definition<AggregateSpec<z.output<Type>>, Type>,
): AggregateSpec<z.output<Type>> {
  return { kind: 'aggregate', ...spec } as AggregateSpec<z.output<Type>>
}

export function defineSink<Type extends z.ZodType>(
  spec: Definition<RewindableSinkSpec<z.output<Type>>, Type>,
): RewindableSinkSpec<z.output<Type>>
export function defineSink<Type extends z.ZodType>(
  spec: Definition<OutboundSinkSpec<z.output<Type>>, Type>,
): OutboundSinkSpec<z.output<Type>>
export function defineSink(spec: object): SinkSpec {
  return { kind: 'sink', ...spec } as SinkSpec
}
