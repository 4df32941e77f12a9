/** Random operations of steps. */
import type { Operation } from './model.ts'
import type { Random } from './random.ts'

/** What branches may disagree about: few fields, so that they do. */
export function generateWrite(random: Random): Operation {
  if (random.chance(0.1)) return { op: 'turn', deep: random.chance(0.5) }
  return random.chance(0.5)
    ? { op: 'add', by: random.between(1, 9) }
    : { op: 'set', name: random.pick(['a', 'b']), by: random.between(1, 9) }
}

/** What a step does to a row, whichever of its rows that is. */
export function generateOperation(random: Random): Operation {
  switch (random.below(9)) {
    case 0:
      return { op: 'same' }
    case 1:
      return { op: 'add', by: random.between(1, 9) }
    case 2:
      return { op: 'set', name: random.pick(['a', 'b', 'c']), by: random.between(1, 9) }
    case 3:
      return { op: 'drop', name: random.pick(['a', 'b', 'c']) }
    case 4:
      return { op: 'expand', size: random.between(2, 4) }
    case 5:
      return { op: 'filter', mod: random.between(2, 6) }
    case 6:
      return { op: 'fail', mod: random.between(2, 6) }
    case 7:
      return { op: 'turn', deep: random.chance(0.5) }
    default:
      return { op: 'flaky', times: random.between(2, 4) }
  }
}

/** What a step does to a row by its place among all that it takes. */
export function generateCount(random: Random): Operation {
  const does = random.pick(['number', 'number', 'limit', 'fail', 'expand'] as const)
  return { op: 'count', does, size: does === 'limit' ? random.between(0, 20) : random.between(2, 4) }
}
