/** The `extract_text` transform. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { derive, type MutableRow, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { FieldRequirement, OptionProblem, PluginContext, Transform, TransformResult } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import { encodingOption } from '../sources/options.ts'
import { fieldName, withFields } from '../transforms/options.ts'
import {
  DOCUMENT_ERRORS,
  DOCUMENT_KINDS,
  DOCUMENT_PACKAGES,
  type DocumentProblem,
  type DocumentText,
  documentProblem,
} from './document.ts'
import { readDocument, tooLarge } from './document-file.ts'
import { DOCUMENT_PROCESSES, DocumentReader } from './document-reader.ts'

const textOptions = z.strictObject({
  content: z
    .enum(['reference', 'base64'])
    .default('reference')
    .describe('Where the document is: in the file that the row names, or in the row'),
  folder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The folder, relative to the pipeline file’s, that files must lie in, whatever rows name; needed with `reference`',
    ),
  path_field: fieldName
    .default('path')
    .describe('The field with the file’s path, relative to the pipeline file’s folder'),
  sha256_field: fieldName.default('sha256').describe('The field with the SHA-256 that the file must have'),
  content_field: fieldName.default('content').describe('The field with the document in base64'),
  types: z
    .array(z.enum(DOCUMENT_KINDS))
    .min(1)
    .default([...DOCUMENT_KINDS])
    .describe(
      'Which kinds are read: `pdf` needs the package `pdfjs-dist`, `docx` the package `mammoth`, `html` the packages `parse5`, `hast-util-from-parse5` and `hast-util-to-text`',
    ),
  encoding: encodingOption,
  field: fieldName.default('text').describe('Gets the text'),
  pages_field: fieldName.optional().describe('Gets a list of the texts of its pages; null of what has no fixed pages'),
  about_field: fieldName
    .default('about')
    .describe(
      'Gets an object: `type`, `pages`, `pages_without_text`, `characters`, and `reader`, what read it with its version',
    ),
  max_bytes: z.int().min(1).default(50_000_000).describe('Of the document'),
  max_pages: z.int().min(1).default(1000).describe('Of a PDF; more is an error'),
  max_characters: z.int().min(1).default(1_000_000).describe('Of the text; more is an error'),
  textless_share: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('The share of a PDF’s pages that may have no text; more are an error, DOCUMENT_SCANNED. 1: never one'),
})
type TextOptions = z.output<typeof textOptions>

function createExtractText(options: TextOptions, { folder }: PluginContext): Transform {
  const reader = new DocumentReader()
  return {
    async process(row) {
      const bytes = await bytesOf(row, options, folder)
      const found = 'kind' in bytes ? bytes : await reader.read(bytes, options)
      return found.kind === 'problem' ? rowError(found.code, found.message) : withText(row, options, found)
    },
    close: () => reader.close(),
  }
}

async function bytesOf(
  row: Row,
  options: TextOptions,
  from: string,
): Promise<Uint8Array<ArrayBuffer> | DocumentProblem> {
  const { content, content_field, path_field, sha256_field, folder = '.', max_bytes } = options
  if (content === 'base64') return decoded(row[content_field], content_field, max_bytes)
  const [path, sha256] = [row[path_field], row[sha256_field]]
  if (typeof path !== 'string' || path === '')
    return documentProblem('DOCUMENT_REFERENCE', `${path_field} is no path of a file`)
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256))
    return documentProblem('DOCUMENT_REFERENCE', `${sha256_field} is no SHA-256 in hex`)
  return await readDocument({ path, sha256: sha256.toLowerCase() }, { from, folder: resolve(from, folder), max_bytes })
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function decoded(content: unknown, field: string, max_bytes: number): Uint8Array<ArrayBuffer> | DocumentProblem {
  if (typeof content !== 'string' || content.length % 4 !== 0 || !BASE64.test(content))
    return documentProblem('DOCUMENT_REFERENCE', `${field} is no base64`)
  const size = Buffer.byteLength(content, 'base64')
  if (size > max_bytes) return documentProblem('DOCUMENT_TOO_LARGE', tooLarge(size, max_bytes))
  const bytes = new Uint8Array(size)
  Buffer.from(bytes.buffer).write(content, 'base64')
  return bytes
}

function withText(row: Row, options: TextOptions, { type, text, pages, reader }: DocumentText): TransformResult {
  const added: MutableRow = newRow()
  added[options.field] = text
  if (options.pages_field !== undefined) added[options.pages_field] = pages
  // Always: what a library makes of a document depends on its version, which nothing else on record says.
  added[options.about_field] = {
    type,
    pages: pages?.length ?? null,
    pages_without_text: pages?.filter(page => page === '').length ?? null,
    characters: text.length,
    reader,
  }
  return oneRow(derive(row, added))
}

// ── the spec ────────────────────────────────────────────────────────────────────────────────────────────────────────

function problemsOf(options: TextOptions): readonly OptionProblem[] {
  const { content, folder, field, pages_field, about_field } = options
  const problems: OptionProblem[] = []
  if (content === 'reference' && folder === undefined)
    problems.push({
      path: [],
      message: 'rows say which files are read, and nothing says where these may be',
      hint: 'Name the folder that they lie in: `folder: in`.',
    })
  if (content === 'base64' && folder !== undefined)
    problems.push({ path: ['folder'], message: 'no file is read with content: base64', hint: 'Remove it.' })
  const fields = [field, pages_field, about_field].filter(name => name !== undefined)
  const twice = fields.find((name, i) => fields.indexOf(name) !== i)
  if (twice !== undefined) problems.push({ path: ['field'], message: `two values would become the field ${twice}` })
  return problems
}

function requirementsOf({
  content,
  content_field,
  path_field,
  sha256_field,
}: TextOptions): readonly FieldRequirement[] {
  if (content === 'base64') return [{ field: content_field, types: ['string'], path: ['content_field'] }]
  return [
    { field: path_field, types: ['string'], path: ['path_field'] },
    { field: sha256_field, types: ['string'], path: ['sha256_field'] },
  ]
}

function extracted({ field, pages_field, about_field }: TextOptions, input: RowSchema): RowSchema {
  const fields = new Map<string, FieldSchema>(input.fields)
  fields.set(field, { schema: { type: 'string' }, optional: false })
  if (pages_field !== undefined)
    fields.set(pages_field, { schema: { type: ['array', 'null'], items: { type: 'string' } }, optional: false })
  fields.set(about_field, { schema: { type: 'object' }, optional: false })
  return withFields(input, fields)
}

const letter = Buffer.from('Dear all,\n')

export const extractText = defineTransform({
  name: 'extract_text',
  summary: 'Takes the text out of documents: PDF, Word (docx), HTML, plain text',
  description: [
    'A row names the file, with its SHA-256, as the source `files` gives them; or it holds the document in base64. A file outside of `folder`, by',
    'whatever name or link, is not read, and neither is one that has other bytes than the row says. What a document is, its bytes say.',
    '',
    'Texts come in reading order. Of a PDF: its pages with a blank line between them; two columns that are drawn line by line are read one after',
    'another. Of Word: paragraphs with a blank line between them, rows of tables as lines with tabs, notes at the end; no headers, footers, comments,',
    'nor text that was deleted. Of HTML what a browser shows, in the order in which it stands there; no scripts, styles or frames. Documents are read in processes of their own, which are ended after two minutes, or at 1 GB.',
    '',
    'More: [documents](documents.md).',
  ].join('\n'),
  options: textOptions,
  determinism: 'deterministic',
  errors: DOCUMENT_ERRORS,
  examples: [
    {
      title: 'Documents in the rows',
      options: { content: 'base64', types: ['text'] },
      rows_in: [{ content: letter.toString('base64') }, { content: 'no' }],
      rows_out: [
        {
          content: letter.toString('base64'),
          text: 'Dear all,\n',
          about: { type: 'text', pages: null, pages_without_text: null, characters: 10, reader: 'custody' },
        },
      ],
      errors: ['DOCUMENT_REFERENCE'],
    },
    {
      title: 'Files that the source `files` lists',
      options: { folder: 'in', pages_field: 'pages', textless_share: 0 },
    },
  ],
  check: problemsOf,
  missing: ({ types }) =>
    missingPeers(
      ['types'],
      types.flatMap(kind => DOCUMENT_PACKAGES[kind]),
    ),
  requires: requirementsOf,
  guarantees: extracted,
  cardinality: 'one',
  // Twice as many as are read at a time: the next one is there when a process is free.
  concurrency: () => 2 * DOCUMENT_PROCESSES,
  create: createExtractText,
})
