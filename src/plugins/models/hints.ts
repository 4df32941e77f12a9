/** What to change in the options, where a service says what it doesn't take. */

const HINTS: ReadonlyArray<readonly [says: RegExp, hint: string]> = [
  [/max_tokens.{0,80}not supported.{0,80}max_completion_tokens/s, 'write `output_limit: max_completion_tokens`'],
  [/(?:unrecognized|unknown|unsupported|extra)[^{}]{0,80}max_completion_tokens/is, 'write `output_limit: max_tokens`'],
  [/only supports? stream|enable the stream|stream mode/i, 'write `body: {stream: true}`'],
]

export function hintOf(body: string): string | null {
  return HINTS.find(([says]) => says.test(body))?.[1] ?? null
}
