/**
 * `custody/chaos`: the chaos peer, a server that fails as models and web services do, to test plugins and
 * pipelines that make calls (docs/chaos-peer.md). Owns what it answers; uses expressions and schemas of the plugin kit, nothing of a run.
 */
export type { FaultKind } from './faults.ts'
export type { AnswerFunction, ChaosOptions, Question } from './options.ts'
export { type ChaosPeer, startChaosPeer } from './peer.ts'
export type { ChaosRequest, ChaosTotals, Met } from './record.ts'
