/** What all simulated plugins have in common. */
import { z } from 'zod'
import type { Row } from '../../src/model/row.ts'

export const COMMON = {
  summary: 'simulated',
  options: z.unknown(),
  determinism: 'deterministic',
  errors: {
    SIM_BAD: 'Bad.',
    SIM_FLAKY: 'Try again.',
    SIM_GATE: 'Broken.',
    SIM_BATCH: 'Broken.',
    SIM_REJECTED: 'Refused.',
    SIM_UNREADABLE: 'Unreadable.',
    SIM_DOWN: 'Ask again.',
    SIM_REFUSED: 'No answer.',
    SIM_BUSY: 'Later.',
    SIM_HASTY: 'Something was wrong.',
  },
  examples: [],
} as const

export function numberOf(row: Row): number {
  return typeof row.n === 'number' ? row.n : 0
}
