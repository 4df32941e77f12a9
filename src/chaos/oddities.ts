/** What servers of models do besides failing: odd counts, odd reasons to end, errors with status 200, JSON among words. */
import type { Json } from '../model/row.ts'

/** `detail` in [0, 1) says which. */
const chosen = <T>(list: readonly T[], detail: number): T => list[Math.floor(detail * list.length)] as T

const REASONS: readonly (string | null)[] = ['error', 'abort', null, 'done_for_now', 'insufficient_system_resource']

export const oddReason = (detail: number): string | null => chosen(REASONS, detail)

/** Undefined: none. */
export function oddUsage(usage: { readonly [name: string]: number }, detail: number): Json | undefined {
  const changed = (change: (count: number) => Json) =>
    Object.fromEntries(Object.entries(usage).map(([name, count]) => [name, change(count)]))
  return chosen<Json | undefined>(
    [undefined, null, {}, changed(count => -count - 1), changed(count => (count + 1) * 1e12), changed(String)],
    detail,
  )
}

export function errorWithin(statuses: readonly number[], detail: number): Json {
  const errorBody = (code: Json, message: string): Json => ({ error: { code, message } })
  const [status = 500] = statuses
  return chosen<Json>(
    [
      errorBody(status, 'the server had an error'),
      errorBody(429, 'too many requests'),
      { error: 'something went wrong' },
      { ...(errorBody('server_error', 'the server had an error') as object), choices: [] },
    ],
    detail,
  )
}

export function wrapped(json: string, detail: number): string {
  return chosen(
    [
      `\`\`\`json\n${json}\n\`\`\``,
      `Here is the JSON:\n\n\`\`\`\n${json}\n\`\`\`\n\nI hope this helps!`,
      `<think>\nThey want JSON.\n</think>\n\n${json}`,
      `Sure: ${json}`,
    ],
    detail,
  )
}
