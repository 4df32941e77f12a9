/** What a document is, by its bytes, and whether it is to be read; and the text of what is nothing but text. */
import { counted } from '../../model/number-text.ts'
import { byteOrderMark, encodingOf } from '../sources/encoding.ts'
import { type DocumentAnswer, type DocumentKind, type DocumentSettings, documentProblem } from './document.ts'
import { isHtml } from './html-text.ts'
import { DOCX, isEncryptedOffice, LOOKED_AT_BYTES, mediaTypeOf, PDF, PLAIN_TEXT, UNKNOWN } from './media-type.ts'

export function kindOf(bytes: Buffer, { types }: DocumentSettings): DocumentKind | DocumentAnswer {
  const type = mediaTypeOf('', bytes.subarray(0, LOOKED_AT_BYTES), bytes.subarray(-LOOKED_AT_BYTES))
  if (isEncryptedOffice(type)) return documentProblem('DOCUMENT_ENCRYPTED', 'the document needs a password')
  const kind = KINDS[type] === 'text' && isHtml(bytes) ? 'html' : KINDS[type]
  if (kind === undefined) return documentProblem('DOCUMENT_UNSUPPORTED', `a document of type ${type} isn’t read`)
  if (types.includes(kind)) return kind
  return documentProblem('DOCUMENT_UNSUPPORTED', `the document is of type ${kind}, which \`types\` doesn’t name`)
}

/** What isn’t anything else may be a text in another encoding than UTF-8. */
const KINDS: { readonly [type: string]: DocumentKind } = {
  [PDF]: 'pdf',
  [DOCX]: 'docx',
  [PLAIN_TEXT]: 'text',
  [UNKNOWN]: 'text',
}

export function plainText(bytes: Buffer, { encoding: label, max_characters }: DocumentSettings): DocumentAnswer {
  const mark = byteOrderMark(bytes)
  const encoding = mark?.encoding ?? encodingOf(label)
  const is_text = encoding !== null && (encoding.unit === 2 || !bytes.includes(0))
  if (!is_text)
    return documentProblem('DOCUMENT_UNSUPPORTED', 'the document is neither a PDF, nor a Word document, nor text')
  const text = encoding.decode(bytes, mark?.size ?? 0, bytes.length)
  if (text === null) return documentProblem('DOCUMENT_ENCODING', `the bytes are not valid ${encoding.name}`)
  if (text.length > max_characters)
    return documentProblem('DOCUMENT_TOO_LONG', `the text has ${counted(text.length, 'character', 'characters')}`)
  return { kind: 'text', type: 'text', text, pages: null, reader: 'custody' }
}
