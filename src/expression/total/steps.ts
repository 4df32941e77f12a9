/** How many steps it takes at most to look through a value, and to make one: what `rounds.ts` counts while it evaluates. */
import { MAX_STEPS, stepsToRead, stepsToWrite } from '../rounds.ts'
import type { Possible } from './possible.ts'

const isSized = ({ kinds }: Possible) => kinds.has('list') || kinds.has('map')

export function mostToRead(given: Possible): number {
  const text = given.kinds.has('string') ? stepsToRead('text', given.length) : 0
  return Math.max(text, isSized(given) ? stepsToRead('elements', given.size[1]) : 0)
}

/** What would be more than all steps that there are is as many. */
export function mostToMake(result: Possible): number {
  const text = result.kinds.has('string') ? stepsToWrite(result.length) : 0
  return Math.max(text, isSized(result) ? elementsOf(result) : 0)
}

function elementsOf({ size: [, most], of, fields }: Possible): number {
  if (most === 0) return 0
  const values = [...[...fields.values()].map(({ value }) => value), ...(of === null ? [] : [of])]
  // Of what nothing is known there may be anything.
  const nested = of === null ? MAX_STEPS : Math.max(0, ...values.map(each => (isSized(each) ? elementsOf(each) : 0)))
  return Math.min(MAX_STEPS, most * (1 + nested))
}
