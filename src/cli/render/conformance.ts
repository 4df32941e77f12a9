/** What the conformance kit finds of plugins: for people as it comes, and as JSON. */
import type { ThrownAt } from '../../model/thrown-at.ts'
import type { ConformanceProblem } from '../../sdk/testing/problems.ts'
import type { ConformanceReport } from '../../sdk/testing.ts'
import type { Tested } from '../plugin/test-plugins.ts'
import type { Terminal } from '../terminal.ts'
import { count, counted, nearPath, printable, shorten, wrap } from './text.ts'

type View = Pick<Terminal, 'paint' | 'columns'>

/** Problems of one check that are shown: many rows can meet the same defect. */
const MOST_SHOWN = 3

/** The plugin, and its checks with what each found. */
export function conformanceText({ spec, report }: Tested, cwd: string, view: View): string {
  const { paint } = view
  return [
    `${paint('bold', printable(String(spec.name)))} (${spec.kind})`,
    ...report.checks.flatMap(({ what, problems }) => {
      if (problems.length === 0) return [`  ${paint('green', '✓')} ${what}`]
      const more = problems.length - MOST_SHOWN
      return [
        `  ${paint('red', '✗')} ${paint('bold', what)}`,
        ...problems.slice(0, MOST_SHOWN).flatMap(each => problemLines(each, cwd, view)),
        ...(more > 0 ? [paint('dim', `      … and ${counted(more, 'problem')} more like these`)] : []),
      ]
    }),
    ...(report.untried === null ? [] : [`  ${paint('yellow', '!')} ${report.untried}`]),
  ].join('\n')
}

function problemLines({ example, message, differs, at }: ConformanceProblem, cwd: string, { paint, columns }: View) {
  const of = example === null ? '' : `“${example}”: `
  const sentence = differs === undefined ? message : message.replace(/example$/, 'example expects otherwise')
  const value = (sign: string, each: unknown) =>
    shorten(`        ${sign} ${printable(JSON.stringify(each))}`, columns * 3)
  return [
    ...wrap(printable(`${of}${sentence}`), columns - 6, 8).map(line => `      ${line}`),
    ...(differs === undefined
      ? []
      : [paint('red', value('-', differs.expected)), paint('green', value('+', differs.actual))]),
    ...(at === undefined ? [] : [`        ${paint('cyan', 'at:')} ${placeText(at, cwd)}`]),
  ]
}

function placeText({ file, line, column }: ThrownAt, cwd: string): string {
  return `${printable(nearPath(file, cwd))}:${line}${column === undefined ? '' : `:${column}`}`
}

/** How many conform. */
export function conformsText(tested: readonly Tested[], { paint }: View): string {
  const sound = tested.filter(({ report }) => conforms(report)).length
  const all = sound === tested.length
  const some =
    tested.length === 1 ? 'the plugin doesn’t conform' : `${count(sound)} of ${count(tested.length)} plugins conform`
  const text = all ? counted(sound, 'plugin conforms', 'plugins conform') : some
  return paint(['bold', all ? 'green' : 'red'], text)
}

const conforms = ({ checks }: ConformanceReport) => checks.every(({ problems }) => problems.length === 0)

export function conformanceJson(module: string, tested: readonly Tested[]): unknown {
  return {
    ok: tested.every(({ report }) => conforms(report)),
    module,
    plugins: tested.map(({ spec, report }) => ({
      kind: spec.kind,
      name: spec.name,
      ok: conforms(report),
      ...(report.untried === null ? {} : { untried: report.untried }),
      checks: report.checks.map(({ name, what, problems }) => ({
        check: name,
        what,
        ok: problems.length === 0,
        problems: problems.map(({ example, message, differs, at }) => ({
          message,
          ...(example === null ? {} : { example }),
          ...differs,
          ...(at === undefined ? {} : { at }),
        })),
      })),
    })),
  }
}
