/** What the words of answers mean: outcomes and errors, from the tables that define them. */
import { z } from 'zod'
import { OutcomeClass } from './common.ts'

export const DocsQuery = z.object({
  topic: z.enum(['outcomes', 'errors']).optional().describe('without it: both'),
  name: z.string().max(100).optional().describe('an outcome, a cause, or a code of an error'),
})

export const Docs = z.object({
  outcomes: z.array(
    z.object({
      outcome: z.string(),
      cause: z.string(),
      class: OutcomeClass,
      words: z.string(),
      sink: z.enum(['required', 'optional', 'forbidden']).describe('whether such an ending names a sink'),
      group: z.enum(['required', 'optional', 'forbidden']).describe('a group'),
      error: z.enum(['required', 'forbidden']).describe('and the code of an error'),
    }),
  ),
  errors: z.array(z.object({ code: z.string(), summary: z.string(), hint: z.string() })),
})
export type Docs = z.infer<typeof Docs>
