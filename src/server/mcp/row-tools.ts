/** Tools that find rows, tell their stories and prove them; and those that look words and numbers up. */
import { z } from 'zod'
import { Count, RowAsked, RunName, TokenAsked } from '../../api/common.ts'
import type { Asked } from '../../host/answers/asked.ts'
import { viewsText } from '../../host/answers/sql-views.ts'
import { sha256Hex } from '../../model/sha256.ts'
import { type Asking, type Tool, tool, WithFile } from './tool.ts'

const run = RunName.describe('a run: its id, a unique beginning of one, or `latest`')
const any = (what: string) => z.array(z.string()).min(1).max(20).optional().describe(`${what}; any of them`)

/** How one gets the proof of a row; with it somebody else can check what was said of it. */
function proofOf(of: string, row: number) {
  return { run: of, row, tool: 'prove_row', command: `custody prove ${of} --row ${row} --out row-${row}.json` }
}

const Proof = z.looseObject({ run: z.string(), row: z.int(), command: z.string() })

/** Where no index helps a page takes what is found in some tenths of a second: so many pages are looked through for one answer. */
const MOST_PAGES = 20

async function findRows(input: Asked['rows']['params'], { ask }: Asking): Promise<object> {
  let page = await ask('rows', input)
  for (let pages = 1; pages < MOST_PAGES && 'rows' in page; pages++) {
    const { rows, next_cursor: cursor, looked_at } = page
    if (cursor === null || rows.length >= input.limit) break
    const next = await ask('rows', { ...input, cursor, limit: input.limit - rows.length })
    if (!('rows' in next)) return next
    const looked = { rows: looked_at.rows + next.looked_at.rows, of: next.looked_at.of }
    page = { ...next, rows: [...rows, ...next.rows], looked_at: looked }
  }
  return page
}

export const ROW_TOOLS: readonly Tool[] = [
  tool({
    name: 'find_rows',
    title: 'Find rows',
    description:
      'Rows of a run that fit all that is given: where they were, how they ended, with which error, or by their values. One line each: data as it was read, endings, time, cost. `explain_row` has the whole story of one.',
    input: z.strictObject({
      run,
      source: any('they came from'),
      node: any('they were there'),
      edge: any('`node:label`: they left that node by that way'),
      sink: any('they were written there'),
      outcome: any('such as ROUTED, FAILED, QUARANTINED'),
      cause: any('such as gate, error, late_arrival'),
      class: z.array(z.enum(['success', 'failure'])).optional(),
      error_code: any('code of an error that they met'),
      branch: any('branch of a fork'),
      since: z.string().optional().describe('recorded then or later, ISO 8601'),
      until: z.string().optional().describe('and before'),
      min_cost_usd: z.number().min(0).optional(),
      max_cost_usd: z.number().min(0).optional(),
      min_duration_us: z.int().min(0).optional(),
      value: any('`field=value`: a field has that value, at any step'),
      text: z.string().optional().describe('stands somewhere in their values; 3 characters or more'),
      where: z.string().optional().describe('a CEL expression over the row as it was read: row.amount > 5000'),
      cursor: z.string().optional().describe('`next_cursor` of the page before, with the same filter'),
      limit: z.int().min(1).max(50).default(10),
    }),
    output: z.looseObject({
      run: z.string(),
      rows: z.array(z.looseObject({ row: z.int(), source: z.string(), endings: z.array(z.looseObject({})) })),
      next_cursor: z.string().nullable(),
      matches: z.looseObject({ count: Count, exact: z.boolean() }).describe('not exact: at least so many'),
      looked_at: z.looseObject({ rows: Count, of: Count }),
    }),
    answer: findRows,
  }),
  tool({
    name: 'explain_row',
    title: 'Explain a row',
    description:
      'The whole story of a row, or of a token: its data at each step with what changed, each decision with its expression and the values that it saw, calls with requests and answers, groups, and how it ended. As `custody explain --json`, checked against the signatures.',
    input: z
      .strictObject({ run, row: RowAsked.optional(), token: TokenAsked.optional() })
      .refine(({ row, token }) => (row === undefined) !== (token === undefined), 'give a row or a token'),
    output: z.looseObject({
      run: z.string(),
      row: z.int().nullable(),
      tokens: z.array(
        z.looseObject({
          token: z.int(),
          visits: z.array(z.looseObject({ node: z.string(), status: z.string() })),
          outcome: z.string().nullable(),
          cause: z.string().nullable(),
          sink: z.string().nullable(),
        }),
      ),
      entries: z.array(Count).describe('numbers of its entries in the log of the run'),
      proof: Proof.nullable().describe('how its proof is got; null: of a batch'),
    }),
    answer: async ({ run: of, row, token = 0 }, { ask }) => {
      const story = await ask('row', row === undefined ? { run: of, token } : { run: of, row })
      if (story.holds === false) return story
      return { ...story, proof: story.row === null ? null : proofOf(story.run, story.row) }
    },
  }),
  tool({
    name: 'prove_row',
    title: 'Prove a row',
    description:
      'Makes the proof of a row of a finished run: a file that anybody can check without the ledger (`custody check FILE`). Gives its hash, its size and the command that makes it; with `whole` the file, too, some 30 kB. It has all values of the row.',
    input: z.strictObject({ run, row: RowAsked, whole: z.boolean().default(false) }),
    output: z.looseObject({
      run: z.string(),
      row: z.int(),
      sha256: z.string().describe('of the file'),
      bytes: Count,
      proof: Proof,
    }),
    answer: async ({ run: of, row, whole }, { ask }) => {
      const made = await ask('proof', { run: of, row })
      if ('holds' in made) return made
      const bytes = new TextEncoder().encode(made.text)
      const facts = {
        ...{ run: made.run, row: made.row, sha256: sha256Hex(bytes), bytes: bytes.length },
        proof: proofOf(made.run, made.row),
      }
      return whole ? new WithFile(facts, { ...made, name: made.file_name }) : facts
    },
  }),
  tool({
    name: 'docs',
    title: 'What outcomes and errors mean',
    description:
      'What an outcome, a cause or a code of an error means, and what to do about it. Without a name: all of them.',
    input: z.strictObject({
      topic: z.enum(['outcomes', 'errors']).optional(),
      name: z.string().max(100).optional().describe('QUARANTINED, late_arrival, CUSTODY_RUN_HELD, …'),
    }),
    output: z.object({
      outcomes: z.array(z.looseObject({ outcome: z.string(), cause: z.string(), words: z.string() })),
      errors: z.array(z.looseObject({ code: z.string(), summary: z.string(), hint: z.string() })),
    }),
    own: true,
    answer: (input, { ask }) => ask('docs', input),
  }),
  tool({
    name: 'sql',
    title: 'Ask in SQL',
    description: `One SELECT over the views of the ledger, for what no other tool counts, in the dialect of its database (SQLite or PostgreSQL); filter by run_id first. At most 10 s. What it gives is what is stored, unchecked: \`verify\` says whether that holds. ${viewsText()}`,
    input: z.strictObject({
      sql: z.string().min(1).max(20_000),
      limit: z.int().min(1).max(200).default(50).describe('rows at most'),
    }),
    output: z.looseObject({
      columns: z.array(z.string()),
      rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
      cut: z.looseObject({ rows: z.boolean().describe('there are more rows') }),
      checked: z.literal(false),
    }),
    answer: (input, { ask }) => ask('sql', input),
  }),
]
