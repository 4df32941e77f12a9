/** How the record stands: what its own log says, who signed, witnessed and dated it; and `verify --json`. */
import { z } from 'zod'
import { Count, Hash, RunId, RunName, Time } from './common.ts'

export const Check = z.looseObject({ name: z.string(), ok: z.boolean(), problems: z.array(z.string()) })
export type Check = z.infer<typeof Check>

/** As `verify --json`. */
export const Verified = z.looseObject({
  ok: z.boolean(),
  head: z.looseObject({ ledger: z.string(), size: Count, root: Hash }).nullable(),
  runs: z.array(
    z.looseObject({ run: z.string(), ok: z.boolean(), entries: Count, tokens: Count, checks: z.array(Check) }),
  ),
  ledger: z.looseObject({ ok: z.boolean(), entries: Count, checks: z.array(Check) }).describe('its own log'),
})
export type Verified = z.infer<typeof Verified>
export const VerifyQuery = z.object({ run: RunName.optional().describe('without it: the whole ledger') })

/** By server-sent events: `progress`, then one `verified` or `failed`. */
export const VerifyProgress = z.object({ run: z.string(), entries: Count, of: Count })

export const Evidence = z.object({
  ledger: z.string().describe('id of the ledger'),
  url: z.string().describe('its name alone for a viewer'),
  head: z.object({ size: Count, root: Hash, note: z.string(), signed_by: z.array(z.string()) }).nullable(),
  sight: z
    .object({
      kind: z
        .enum(['first', 'same', 'newer', 'older', 'forked', 'unsound'])
        .describe('older: an earlier copy; forked: another history; unsound: its own log doesn’t hold'),
      seen: Count.nullable(),
      now: Count.nullable(),
    })
    .describe('how the ledger stands to what this user saw of it before'),
  keys: z.array(
    z.looseObject({
      name: z.string(),
      verifier_key: z.string(),
      from: Count.describe('the first size of the log whose heads it is good for'),
      until: Count.nullable().describe('the last one; null: it is in force'),
      revoked: z.boolean(),
      since: Time,
      trusted: z.boolean().describe('by the user of this machine'),
      recovery: z.boolean().describe('signs no heads, and may change the keys'),
    }),
  ),
  seals: z
    .array(z.object({ run: RunId, name: z.string(), at: Time, index: Count, size: Count, root: Hash }))
    .describe('the newest first, at most 100'),
  witnesses: z.array(z.object({ name: z.string(), size: Count, at: Time.nullable(), trusted: z.boolean() })),
  timestamps: z.array(
    z.object({
      size: Count,
      at: Time.nullable(),
      authority: z.string().nullable(),
      trusted: z.boolean().describe('an authority that the user trusts'),
    }),
  ),
  erasures: z.array(
    z.object({
      index: Count,
      run: RunId,
      at: Time,
      entries: Count.describe('of the run, that are named'),
      rows: Count.nullable().describe('null: too many to be counted here'),
      values: Count.nullable(),
    }),
  ),
  problems: z.array(z.string()),
})
export type Evidence = z.infer<typeof Evidence>
