/**
 * Numbers that name things of a run. They are numbers for whoever counts, stores or reads them, and so a number becomes one of them
 * where it is said which; but one kind never passes for another: a group's number given as a token's doesn't compile.
 */

declare const KIND: unique symbol

interface Named<Kind extends string> {
  readonly [KIND]?: Kind
}

type Id<Kind extends string> = number & Named<Kind>

/** Within a run, from 1, in order of reading. */
export type RowId = Id<'row'>
/** Within a run, from 1, in order of birth. */
export type TokenId = Id<'token'>
/** Within a run, from 1, batches' groups included. */
export type GroupId = Id<'group'>
/** Of the plan, from 1. */
export type NodeNumber = Id<'node'>
/** Of the plan, from 1. */
export type EdgeNumber = Id<'edge'>
/** Of a subject's values, from 1. */
export type ValueNumber = Id<'value'>
/** Of a log's entries, from 0. */
export type Seq = Id<'seq'>
