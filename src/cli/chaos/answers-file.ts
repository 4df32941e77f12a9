/** The file of `--answers`: a list of rules in YAML. All that is wrong with it is reported at once, each problem with its place. */
import type { z } from 'zod'
import { type ChaosOptions, RULES } from '../../chaos/options.ts'
import { nearestHint } from '../../config/nearest.ts'
import { Problems } from '../../config/problems.ts'
import { readPipelineText } from '../../config/read-file.ts'
import { SourceText } from '../../config/source-text.ts'
import { locateIn, type Tree, toJson, treeAt } from '../../config/tree.ts'
import { parseYaml } from '../../config/yaml.ts'
import { DiagnosticsError } from '../../host/diagnostics-error.ts'
import { CustodyError, type ErrorCode } from '../../model/error.ts'

const FORM = 'As in: - { match: "(?i)refund", answer: "yes" }'

/**
 * `path` is absolute, `named` what the user calls it.
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_FILE_UNREADABLE; DiagnosticsError if it isn't what it should be.
 */
export async function readAnswers(path: string, named: string): Promise<NonNullable<ChaosOptions['answers']>> {
  const read = await readPipelineText(path)
  if (!read.ok)
    throw new CustodyError(
      read.code,
      read.message.replace(path, () => named),
      { where: { file: named } },
    )
  const source = new SourceText(named, read.text)
  const problems = new Problems()
  const tree = parseYaml(source, problems)
  if (tree === null && !problems.failed)
    problems.error('CUSTODY_WRONG_TYPE', { source, start: 0, end: 1 }, 'the file is empty', FORM)
  const rules = tree === null ? null : checked(tree, problems)
  if (rules === null) throw new DiagnosticsError(problems.list(), new Map([[named, read.text]]), false)
  return rules
}

function checked(tree: Tree, problems: Problems): NonNullable<ChaosOptions['answers']> | null {
  const parsed = RULES.safeParse(toJson(tree))
  if (parsed.success) return problems.failed ? null : parsed.data
  for (const issue of parsed.error.issues) report(issue, tree, problems)
  return null
}

function report(issue: z.core.$ZodIssue, tree: Tree, problems: Problems): void {
  const path = issue.path.filter(step => typeof step !== 'symbol')
  const add = (code: ErrorCode, message: string, hint: string, at = path, part: 'key' | 'value' = 'value') =>
    problems.add('error', code, locateIn(tree, at, part), message, hint)
  const last = path.at(-1)
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const hint = nearestHint(key, ['model', 'match', 'answer'], 'a rule has') ?? FORM
      add('CUSTODY_UNKNOWN_KEY', `a rule has no \`${key}\``, hint, [...path, key], 'key')
    }
  } else if (treeAt(tree, path) === undefined) add('CUSTODY_MISSING_KEY', `the rule lacks \`${last}\``, FORM)
  else if (issue.code === 'custom') add('CUSTODY_PATTERN', issue.message, 'RE2 has no look-around')
  else if (last === 'match') add('CUSTODY_WRONG_TYPE', '`match` must be a text: a pattern', 'put it into quotes')
  else if (last === 'model') add('CUSTODY_WRONG_TYPE', '`model` must be a text: a name', 'put it into quotes')
  else add('CUSTODY_WRONG_TYPE', path.length === 0 ? 'it must be a list of rules' : 'a rule must be a map', FORM)
}
