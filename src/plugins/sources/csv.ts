/** The `csv` source: its options and its description. */
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import { defineSource } from '../../sdk/define.ts'
import type { PluginContext, Source } from '../../sdk/spec.ts'
import { missingForStorage } from '../stores/options.ts'
import { CsvFormat } from './csv-format.ts'
import { type CsvOptions, checkTableOptions, csvLayout, csvOptions, encodingFrom } from './csv-options.ts'
import { CSV_ERRORS } from './csv-scanner.ts'
import { refuseUnused, VALUE_ERRORS } from './csv-values.ts'
import { COMMON_ERRORS, FileSource } from './file-source.ts'
import { openFiles } from './open-files.ts'
import { checkFileOptions, fieldsAdded, filesNamed, isOnePacked, isReadable } from './options.ts'

function create(options: CsvOptions, context: PluginContext): Source {
  refuseUnused(options, context.input.fields, context.node)
  const layout = csvLayout(options, context.input)
  const encoding = encodingFrom(options)
  return openFiles(
    options,
    context,
    (place, settings) => new FileSource(place, new CsvFormat(place, layout), { ...settings, encoding }),
  )
}

/** Cells are texts, or null where they are empty. Without a header and with named columns the fields are known. */
function yields(options: CsvOptions): RowSchema {
  const names = options.header ? [] : (options.columns ?? [])
  const fields = new Map(names.map(name => [name, { schema: { type: 'string' }, optional: true }]))
  if (names.length > 0) return { fields, closed: true, observed: false }
  return { ...OBSERVED, rest: { schema: { type: 'string' }, optional: true } }
}

export const csvSource = defineSource({
  name: 'csv',
  summary: 'Reads a CSV file, one row per record',
  description: [
    'Cells are texts; a schema converts them. An empty cell is null, a quoted empty cell (`""`) an empty text.',
    '',
    'The reader follows RFC 4180, with LF and CR as line breaks too. A record that is malformed (too few or too many',
    'cells, a quote where none may be, a NUL, bytes that are not valid in the encoding, longer than 16 MiB) is rejected with',
    'its line and text; reading continues behind it. Blank lines are skipped, except in a file of one column, where a blank',
    'line is an empty cell. One empty cell too many, behind a last delimiter, is taken for none.',
    '',
    'Words for nothing, decimal commas and the like are options. What they rewrite is the cell that the schema then judges;',
    'where a record is rejected its text is that of the file. A cell that `decimal`, `thousands` or `date_format` should',
    'rewrite and can’t (`1.5` where a comma stands before the fraction) rejects its record. Patterns of dates are those of',
    '`date.parse` ([functions](functions.md#dateparse)): `yyyy` or `yy` (69 is 1969, 68 is 2068), `MM`, `M`, `MMM` or `MMMM`',
    '(January), `dd` or `d`, `EEE` (Mon), `HH` or `H`, `hh` or `h` with `a` (am, pm), `mm`, `ss`, `S` (a fraction), `XXX`',
    '(`+02:00`) or `VV` (a zone: the date is then in UTC); a text in single quotes stands for itself.',
    '',
    'Text that a correct writer put inside quotes is never read as a record, whatever limit it meets: a record whose quotes are',
    'malformed ends, if one of its cells begins with a quote, at the first line break at which the quotes since that cell’s',
    'beginning are even in number; in other cells a quote is text, and a line break ends the record. Where the file ends',
    'inside of quotes nobody can tell what belongs to the last record, so that the run stops and can be resumed when the file',
    'is fixed; `on_unclosed_quote: reject` rejects all that is left as one record. Where a closing quote is missing, and a',
    'cell with line breaks follows further down, inside and outside are swapped in between: lines of that cell may be read as',
    'records. The records rejected before and behind it show where. `recover: line` is for files in which a quote means nothing',
    'at the beginning of a cell: each record with malformed quotes then costs its first line and no more.',
    '',
    'A header that has none of the schema’s fields, and would have some with another delimiter, stops the run before anything',
    'is written; so do bytes that are no CSV: compressed files, Excel workbooks, UTF-16 without a byte order mark, HTML, JSON.',
    'A first line such as `sep=;`, as Excel knows it, is no record: it says what stands between cells.',
    '',
    'A header that is an identifier stays as it is. From others surrounding space is taken away; if that does not make',
    'an identifier, they become lower case, with `_` for every run of other characters than letters and digits; an empty',
    'header becomes `column_N`, a leading digit gets a `_` before it. Of columns that would have the same name the one that has',
    'it in the file keeps it, else the first; the others are `name_2` and so on. If the schema declares the name, and it could',
    'mean two columns, the run stops. A header that the schema declares just as it stands (`2010`, `Loan Amount`) keeps its',
    'name. Sinks can restore the headers.',
    '',
    'A byte order mark decides the encoding (UTF-8, UTF-16). Fields whose names are whole numbers (`"7"`) come before all',
    'others in a row, as in any JavaScript object.',
  ].join('\n'),
  options: csvOptions,
  determinism: 'deterministic',
  errors: { ...CSV_ERRORS, ...VALUE_ERRORS, ...COMMON_ERRORS },
  examples: [
    { title: 'A file beside the pipeline', options: { path: 'data/applications.csv' } },
    {
      title: 'Semicolons, no header, Windows encoding',
      options: { path: 'export.csv', delimiter: ';', header: false, columns: ['id', 'name'], encoding: 'windows-1252' },
    },
    { title: 'Tabs, and quotes that mean nothing', options: { path: '-', delimiter: 'tab', quote: 'none' } },
    {
      title: 'As a German office writes it',
      options: {
        path: 'konten.csv',
        delimiter: ';',
        encoding: 'windows-1252',
        skip_lines: 3,
        decimal: ',',
        thousands: '.',
        null_values: ['-', 'k.A.'],
        true_values: ['ja'],
        false_values: ['nein'],
        date_format: { gebucht: 'dd.MM.yyyy' },
      },
    },
  ],
  check: (options, secrets) => [...checkFileOptions(options, secrets), ...checkTableOptions(options)],
  rereadable: isReadable,
  uncut: isOnePacked,
  missing: missingForStorage,
  reads: filesNamed,
  textual: true,
  yields,
  adds: fieldsAdded,
  create,
})
