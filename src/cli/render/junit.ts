/** Results of test cases as JUnit XML, in the form that CI servers read. */
import type { CaseResult, Tested } from '../../host/testing/test-pipeline.ts'
import { diffText } from './tested.ts'

export function junitXml({ tests, name, cases }: Tested): string {
  const failures = cases.filter(each => each.problems.length > 0).length
  const time = seconds(cases.reduce((sum, each) => sum + each.duration_ms, 0))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failures}" time="${time}">`,
    `  <testsuite name="${escaped(name)}" file="${escaped(tests.file)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${time}">`,
    ...cases.map(each => caseXml(each, name)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function caseXml({ test, problems, duration_ms }: CaseResult, pipeline: string): string {
  const start = `    <testcase classname="${escaped(pipeline)}" name="${escaped(test.name)}" time="${seconds(duration_ms)}"`
  if (problems.length === 0) return `${start}/>`
  const [first] = problems
  const text = problems
    .map(({ message, diff, notes }) =>
      [message, ...(diff.length > 0 ? [diffText(diff)] : []), ...notes.map(each => `met: ${each}`)].join('\n'),
    )
    .join('\n\n')
  return `${start}>\n      <failure message="${escaped(first?.message ?? '')}">${escaped(text)}</failure>\n    </testcase>`
}

const seconds = (ms: number) => (ms / 1000).toFixed(3)

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What XML 1.0 can't hold, escaped or not, is shown as U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
    .replaceAll(/[&<>"]/g, character => ENTITIES[character] ?? character)
}
