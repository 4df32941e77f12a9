/** The `report` aggregate. */
import { z } from 'zod'
import { newRow, type Row } from '../../model/row.ts'
import { defineAggregate } from '../../sdk/define.ts'
import type { OptionProblem } from '../../sdk/spec.ts'
import { columnsOf, markdownTable, plain } from './markdown-table.ts'
import { closedSchema, fieldList, INTEGER, namedTwice, TEXT } from './options.ts'
import { parseTemplate, type Template } from './template.ts'

const ROWS = 'rows'
const AROUND = ['title', 'header', 'footer'] as const
const text = z.string().min(1)

const reportOptions = z.strictObject({
  title: text.optional().describe('The first line, with an empty line after it; a heading in Markdown'),
  header: text.optional().describe('Text before the rows; `{rows}` is how many there are'),
  format: z.enum(['lines', 'markdown_table']).default('lines').describe('How the rows are written'),
  line: text.optional().describe('The text of each row, with `{field}` for its values (for `lines`, which needs it)'),
  columns: fieldList.optional().describe('The fields to show (for `markdown_table`); all of the batch if absent'),
  footer: text.optional().describe('Text after the rows; `{rows}` is how many there are'),
  missing: z.string().default('').describe('What stands for null and missing'),
})
type ReportOptions = z.output<typeof reportOptions>

const compiled = (source: string | undefined): Template | null => {
  const template = source === undefined ? null : parseTemplate(source)
  return template === null || 'problem' in template ? null : template
}

/** What writes a report of rows. */
function writerOf(options: ReportOptions): (rows: readonly Row[]) => string {
  const { format, columns, missing } = options
  const [title, header, footer, line] = [options.title, options.header, options.footer, options.line].map(compiled)
  return rows => {
    const about = newRow()
    about[ROWS] = rows.length
    const parts: string[] = []
    const heading = title?.fill(about, missing)
    if (heading !== undefined) parts.push(format === 'lines' ? heading : `# ${plain(heading)}`, '')
    // A table begins and ends with an empty line.
    const gap = format === 'lines' ? [] : ['']
    if (header) parts.push(header.fill(about, missing), ...gap)
    if (format === 'markdown_table') parts.push(...markdownTable(rows, columns ?? columnsOf(rows), missing))
    else if (line) for (const row of rows) parts.push(line.fill(row, missing))
    if (footer) parts.push(...gap, footer.fill(about, missing))
    return parts.join('\n')
  }
}

function check(options: ReportOptions) {
  const { format, line, columns = [] } = options
  const problems: OptionProblem[] = []
  if (format === 'lines' && line === undefined)
    problems.push({ path: [], message: 'report needs `line`', hint: 'Give it, or use format: markdown_table.' })
  if (format === 'markdown_table' && line !== undefined)
    problems.push({ path: ['line'], message: 'a table has no `line`', hint: 'Name its fields with columns.' })
  if (format === 'lines' && options.columns !== undefined)
    problems.push({ path: ['columns'], message: '`columns` are for a table', hint: 'Use format: markdown_table.' })
  problems.push(...namedTwice('columns', columns))
  const hint = 'Double a brace that is meant as such: {{ or }}.'
  for (const option of [...AROUND, 'line'] as const) {
    const template = parseTemplate(options[option] ?? '')
    if ('problem' in template) problems.push({ path: [option], message: template.problem, hint })
    else if (option !== 'line' && template.fields.some(field => field !== ROWS))
      problems.push({ path: [option], message: 'it isn’t about one row, so it can have no place but {rows}', hint })
  }
  return problems
}

export const report = defineAggregate({
  name: 'report',
  summary: 'Writes the rows of a batch into one text',
  description: [
    'The row that is made has the text as `report`, and how many rows there were as `rows`. Lines end with a line feed, the',
    'last one with nothing.',
    '',
    'In `line`, `{amount}` stands for the row’s field `amount`: texts as they are, everything else as JSON; null and missing',
    'as `missing` says. Braces that are meant as such are doubled: `{{` and `}}`.',
    '',
    'In a table (`format: markdown_table`) a value is shown as it is, whatever it contains: what Markdown or HTML would take',
    'for more than text is escaped, and line ends become spaces. `header`, `footer` and lines are never escaped.',
  ].join('\n'),
  options: reportOptions,
  determinism: 'deterministic',
  errors: {},
  examples: [
    {
      title: 'A list',
      options: { title: 'Late payments', line: '- {name}: {amount} ({note})', footer: '{rows} in all', missing: '–' },
      rows_in: [
        { name: 'Ada', amount: 12.5, note: 'first' },
        { name: 'Bo', amount: 7, note: null },
      ],
      rows_out: [{ report: 'Late payments\n\n- Ada: 12.5 (first)\n- Bo: 7 (–)\n2 in all', rows: 2 }],
    },
    {
      title: 'A table',
      options: {
        title: 'Scores',
        format: 'markdown_table',
        columns: ['name', 'points'],
        footer: 'Made of {rows} rows.',
      },
      rows_in: [{ name: 'Ada', points: 9, id: 1 }, { name: 'Bo | *the* best' }],
      rows_out: [
        {
          report:
            '# Scores\n\n| name | points |\n| --- | --- |\n| Ada | 9 |\n| Bo \\| \\*the\\* best |  |\n\nMade of 2 rows.',
          rows: 2,
        },
      ],
    },
  ],
  check,
  requires: ({ line, columns }) => [
    ...(compiled(line)?.fields ?? []).map(field => ({ field, path: ['line'] })),
    ...(columns ?? []).map((field, i) => ({ field, path: ['columns', i] })),
  ],
  guarantees: () =>
    closedSchema(
      new Map([
        ['report', TEXT],
        ['rows', INTEGER],
      ]),
    ),
  outputs: ['transform'],
  create: options => {
    const write = writerOf(options)
    return {
      process(rows) {
        const row = newRow()
        row.report = write(rows)
        row.rows = rows.length
        return { kind: 'rows', rows: [row] }
      },
    }
  },
})
