/** What is asked of a document, and what is found in it. */

export const DOCUMENT_ERRORS = {
  DOCUMENT_REFERENCE: 'The row has no path of a file, or no SHA-256 of it; or, with `content: base64`, no base64.',
  DOCUMENT_OUTSIDE: 'The path leads out of `folder`, by `..`, as an absolute one, or by a link. Nothing was read.',
  DOCUMENT_NOT_FOUND: 'There is no such file in `folder`.',
  DOCUMENT_DENIED: 'The file may not be read, or can’t be.',
  DOCUMENT_CHANGED: 'The file’s bytes aren’t those of the row’s SHA-256: it was changed or replaced since.',
  DOCUMENT_TOO_LARGE: 'The document has more than `max_bytes`.',
  DOCUMENT_UNSUPPORTED: 'The document is of a kind that isn’t read, or that `types` doesn’t name.',
  DOCUMENT_ENCRYPTED: 'The document is encrypted, and can’t be opened without its password.',
  DOCUMENT_SCANNED: 'More than `textless_share` of the pages have no text: they are pictures, and would need OCR.',
  DOCUMENT_BROKEN: 'The document is damaged, or cut off.',
  DOCUMENT_UNREADABLE:
    'The document takes too long or too much memory, is nested too deep, has too many elements, or unpacks to too much.',
  DOCUMENT_ENCODING:
    'The bytes of a plain text or a page aren’t valid in their encoding, or a page says that it is in one that can’t be read.',
  DOCUMENT_TOO_MANY_PAGES: 'The document has more than `max_pages`.',
  DOCUMENT_TOO_LONG: 'The text has more than `max_characters`.',
} as const
type DocumentCode = keyof typeof DOCUMENT_ERRORS

export const DOCUMENT_KINDS = ['pdf', 'docx', 'html', 'text'] as const
export type DocumentKind = (typeof DOCUMENT_KINDS)[number]

/** What each kind is read by, optional peers. */
export const DOCUMENT_PACKAGES: { readonly [kind in DocumentKind]: readonly string[] } = {
  pdf: ['pdfjs-dist'],
  docx: ['mammoth'],
  html: ['parse5', 'hast-util-from-parse5', 'hast-util-to-text'],
  text: [],
}

export interface DocumentSettings {
  readonly types: readonly DocumentKind[]
  readonly encoding: string
  readonly max_pages: number
  /** UTF-16 units. */
  readonly max_characters: number
  /** From 0 to 1: more pages than that without text are no document with text. */
  readonly textless_share: number
}

/** What a process that reads documents is given. */
export interface DocumentTask {
  readonly kind: Exclude<DocumentKind, 'text'>
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly settings: DocumentSettings
}

/** It says so once, when documents can be read: how long starting takes depends on the machine. */
export const READY = 'ready'

export interface DocumentText {
  readonly kind: 'text'
  readonly type: DocumentKind
  /** In reading order. */
  readonly text: string
  /** The text of each page; null where a document has none that are fixed. */
  readonly pages: readonly string[] | null
  /** What read it, with its version. */
  readonly reader: string
}

/** Why a document has no text. */
export interface DocumentProblem {
  readonly kind: 'problem'
  readonly code: DocumentCode
  readonly message: string
}

export type DocumentAnswer = DocumentText | DocumentProblem

export const documentProblem = (code: DocumentCode, message: string): DocumentProblem => ({
  kind: 'problem',
  code,
  message,
})
