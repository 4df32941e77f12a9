/**
 * Whether output that a document quotes is what a command says today. What differs from run to run (ids, hashes, times,
 * durations, numbers of entries) and the width of columns don't count; a line that is `…` stands for any number of lines.
 */

/** The first line that isn't as quoted, or null if all are. */
export function firstDifference(
  quoted: string,
  actual: string,
): { readonly quoted: string; readonly actual: string } | null {
  const [want, have] = [linesOf(quoted), linesOf(actual)]
  let at = 0
  let skipping = false
  for (const line of want) {
    if (line === '…') {
      skipping = true
      continue
    }
    const found = skipping ? have.findIndex((each, i) => i >= at && sameLine(line, each)) : at
    if (found === -1 || found >= have.length || !sameLine(line, have[found]!))
      return { quoted: line, actual: skipping ? '(nowhere behind)' : (have[at] ?? '(the end)') }
    at = found + 1
    skipping = false
  }
  return skipping || at === have.length ? null : { quoted: '(the end)', actual: have[at]! }
}

/** A line that was cut is the same as one that was cut elsewhere. */
function sameLine(one: string, other: string): boolean {
  if (one === other) return true
  const [a, b] = [one.indexOf('…'), other.indexOf('…')]
  if (a === -1 || b === -1) return false
  const shared = Math.min(a, b)
  return one.slice(0, shared) === other.slice(0, shared) && one.slice(a) === other.slice(b)
}

const VARYING: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}(?:-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|…)/g, 'RUN'],
  [/\b[0-9a-f]{8}…[0-9a-f]{2}\b/g, 'HASH'],
  [/\bcustody\/[0-9a-f]{8}\+[0-9a-f]{8}\b/g, 'KEY'],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g, 'TIME'],
  [/\b\d[\d,]*(?:\.\d+)? (?:µs|ms|s)\b/g, 'DURATION'],
  // Calls, and what is merged, are numbered as answers come.
  [/\(call [\d,]+\)/g, 'CALL'],
  [/\bToken [\d,]+, merged/g, 'MERGED'],
  // How many commits a run makes depends on its speed, and each has an entry, with values of its own.
  [/\bEntr(?:y|ies) [\d,… ]+ of [\d,]+/g, 'ENTRIES'],
  [/\b[\d,]+ entries\b/g, 'ENTRIES'],
  [/\b[\d,]+ values against\b/g, 'VALUES against'],
  [/ +/g, ' '],
]

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').flatMap(line => {
    let plain = line
    for (const [pattern, by] of VARYING) plain = plain.replace(pattern, by)
    plain = plain.trim()
    // Where the line of a call breaks depends on how long it took.
    return plain.startsWith('asked ') ? plain.split(' · ') : [plain]
  })
  while (lines.at(-1) === '') lines.pop()
  return lines
}
