/** Who is asking, and what they may do. */
import { z } from 'zod'

/** Each may what those before it may. `viewer`: structure and counts, no values. `operator`: start, stop, resume and re-run. */
export const ROLES = ['viewer', 'analyst', 'operator'] as const
export const Role = z.enum(ROLES)
export type Role = z.infer<typeof Role>

export const Session = z.object({
  user: z.string().describe('as the sign-in gave it; `local` on this machine'),
  role: Role,
  csrf: z
    .string()
    .describe('sent as the header `x-custody-csrf` with each request that isn’t GET, where a cookie signs in'),
  sign_in: z.enum(['local', 'oidc']),
  ledger: z.string().describe('URL of the ledger, without what is secret; its name alone for a viewer'),
  version: z.string(),
  operates: z.boolean().describe('whether pipelines can be started here: `--pipelines` was given, and the role may'),
})
export type Session = z.infer<typeof Session>

/** POST /session: the one-time code of the printed URL for a cookie. */
export const CodeExchange = z.object({ code: z.string().min(1).max(200) })
