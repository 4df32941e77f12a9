/** The `files` source: a row for each file. */
import { z } from 'zod'
import type { FieldSchema } from '../../model/schema.ts'
import { defineSource } from '../../sdk/define.ts'
import type { OptionProblem, PluginContext, SecretOption } from '../../sdk/spec.ts'
import { type Encoding, encodingOf, UTF8 } from '../sources/encoding.ts'
import { FilesSource } from '../sources/files-source.ts'
import { checkFileOptions, encodingOption, fileOptions, filesNamed } from '../sources/options.ts'
import { missingForStorage } from '../stores/options.ts'
import { FILE_ERRORS, FileRows } from './file-rows.ts'

/** Of a row's content: as much as other sources take for one record. */
const MOST_CONTENT_BYTES = 16 * 1024 * 1024

const { path_field: _, compression, ...which } = fileOptions

const filesOptions = z.strictObject({
  ...which,
  path: which.path.describe(
    'Which files: a name, a folder such as `in/`, or a pattern such as `in/*.pdf` or `in/**/*.pdf`, relative to the pipeline file’s folder; of a list each in its turn',
  ),
  compression: compression
    .unwrap()
    .default('none')
    .describe(
      '`none`: each file is a row as it stands there. `zip`, or `auto` for names that end so: the members of archives are the files, with names such as `in.zip/a.pdf`; what else is compressed is unpacked',
    ),
  content: z
    .enum(['reference', 'text', 'base64'])
    .default('reference')
    .describe('What rows have of the content: `reference` its hash alone, `text` and `base64` the field `content`'),
  encoding: encodingOption,
  max_bytes: z
    .int()
    .min(1)
    .optional()
    .describe('Larger files are rejected; if absent 16 MiB where rows have the content, and none else'),
  modified_at: z
    .boolean()
    .default(false)
    .describe(
      'Whether rows have `modified_at`, when the file system says that the file was last changed; it can be set to anything',
    ),
})
type FilesOptions = z.infer<typeof filesOptions>

function problemsOf(options: FilesOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { path, content, encoding, max_bytes } = options
  if (path === '-') return [{ path: ['path'], message: 'standard input is no file', hint: 'Name files.' }]
  const problems = [...checkFileOptions(options, secrets)]
  if (content !== 'text' && encodingOf(encoding) !== UTF8)
    problems.push({ path: ['encoding'], message: 'only content: text reads texts', hint: 'Remove it.' })
  if (content !== 'reference' && max_bytes !== undefined && max_bytes > MOST_CONTENT_BYTES)
    problems.push({
      path: ['max_bytes'],
      message: 'a row holds 16 MiB of a file at most',
      hint: 'Take content: reference, and read the file where it is needed.',
    })
  return problems
}

const TEXT: FieldSchema = { schema: { type: 'string' }, optional: false }

function fieldsOf({ content, modified_at }: FilesOptions): ReadonlyMap<string, FieldSchema> {
  return new Map<string, FieldSchema>([
    ['path', TEXT],
    ['name', TEXT],
    ['size', { schema: { type: 'integer', minimum: 0 }, optional: false }],
    ['sha256', { schema: { type: 'string', pattern: '^[0-9a-f]{64}$' }, optional: false }],
    ['type', TEXT],
    ...(modified_at ? [['modified_at', { schema: { type: ['string', 'null'] }, optional: false }] as const] : []),
    ...(content === 'reference' ? [] : [['content', TEXT] as const]),
  ])
}

export const filesSource = defineSource({
  name: 'files',
  summary: 'Lists files, one row per file, with their sizes, hashes and types',
  description: [
    'A row has `path`, as relative as the option, `name`, `size` in bytes, `sha256` of all bytes (lower-case hex) and `type`, a media type.',
    'The type is what the bytes begin with (PDF, images, archives, workbooks, …); of texts what the name ends with; else',
    '`application/octet-stream`. Files come in the order of the bytes of their names, links to files among them, each file once.',
    '',
    'Each file is read, whatever `content` says: its hash is on record. A file that changes while it is read, or that a resumed run finds to be',
    'another one, stops the run with CUSTODY_SOURCE_CHANGED. Files that may not be read, are gone by the time, or are too large are rejected records.',
    '',
    'With `content: reference` [`extract_text`](documents.md) reads documents where they are, and makes sure that they are the ones with this hash.',
  ].join('\n'),
  options: filesOptions,
  determinism: 'deterministic',
  errors: FILE_ERRORS,
  examples: [
    {
      title: 'Documents below a folder',
      options: { path: 'in/**/*.txt' },
      files: { 'in/a.txt': 'Dear all,\n', 'in/b/c.txt': '' },
      rows_out: [
        {
          path: 'in/a.txt',
          name: 'a.txt',
          size: 10,
          sha256: '91a550413a221e7ed0c0f534b5a8dfa943bb28f4ccf40a97d2e8d36dff03ea18',
          type: 'text/plain',
        },
        {
          path: 'in/b/c.txt',
          name: 'c.txt',
          size: 0,
          sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          type: 'text/plain',
        },
      ],
    },
    { title: 'Letters with their text', options: { path: 'letters/*.txt', content: 'text', encoding: 'windows-1252' } },
  ],
  check: problemsOf,
  rereadable: () => true,
  missing: missingForStorage,
  reads: filesNamed,
  textual: false,
  yields: options => ({ fields: fieldsOf(options), closed: true, observed: false }),
  create(options: FilesOptions, context: PluginContext) {
    const { content, modified_at } = options
    const max_bytes = options.max_bytes ?? (content === 'reference' ? Number.POSITIVE_INFINITY : MOST_CONTENT_BYTES)
    // cast: the option's own check knows only labels of encodings.
    const encoding = encodingOf(options.encoding) as Encoding
    const rows = { content, encoding, max_bytes, modified_at }
    return new FilesSource(options, context, (place, settings) => new FileRows(place, rows, settings), 'some_unread')
  },
})
