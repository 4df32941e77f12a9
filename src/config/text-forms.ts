/** Whether a text has the form that its place wants. */
import type { Problems } from './problems.ts'
import { NAME, PIPELINE_NAME, RESERVED_NAMES, type TextForm } from './shape.ts'
import type { ScalarTree } from './tree.ts'

export const LEDGER_URL = /^(?:sqlite:.|postgres(?:ql)?:\/\/.)/

export function checkText(tree: ScalarTree, text: string, form: TextForm, label: string, problems: Problems): void {
  if (text.trim() === '' && form !== 'label') {
    problems.error('CUSTODY_BAD_VALUE', tree.at, `\`${label}\` is an empty text`)
    return
  }
  switch (form) {
    case 'pipeline name':
      if (PIPELINE_NAME.test(text)) return
      return problems.error(
        'CUSTODY_BAD_NAME',
        tree.at,
        `\`${text}\` isn’t a name for a pipeline`,
        'pipeline names have lower case letters, digits and dashes',
      )
    case 'branch':
      if (NAME.test(text) && !RESERVED_NAMES.includes(text)) return
      return problems.error('CUSTODY_BAD_NAME', tree.at, `\`${text}\` isn’t a name for a branch`, NAME_HINT)
    case 'label':
      return checkLabel(tree, text, problems)
    case 'ledger url':
      if (LEDGER_URL.test(text)) return
      return problems.error(
        'CUSTODY_LEDGER_URL',
        tree.at,
        `\`${text}\` isn’t a ledger’s URL`,
        'use sqlite:PATH or postgres://…',
      )
    case 'any':
    case 'target':
    case 'sink target':
    case 'plugin':
    case 'expression':
      return
  }
}

function checkLabel(tree: ScalarTree, text: string, problems: Problems): void {
  if (text === 'on_error' || text === 'else') {
    problems.error(
      'CUSTODY_BAD_NAME',
      tree.at,
      `a case can’t be labelled \`${text}\``,
      'that label has a meaning of its own',
    )
  } else if (text === '') {
    problems.error('CUSTODY_BAD_VALUE', tree.at, 'a label is an empty text')
  }
}

export const NAME_HINT = 'names have letters, digits, _ and -, begin with a letter, and are neither discard nor else'
