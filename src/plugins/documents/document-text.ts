/** From bytes to text, by what the bytes are. */

import { byteOrderMark, encodingOf } from '../sources/encoding.ts'
import { type DocumentAnswer, type DocumentKind, type DocumentSettings, documentProblem } from './document.ts'
import { docxText } from './docx-text.ts'
import { DOCX, isEncryptedOffice, LOOKED_AT_BYTES, mediaTypeOf, PDF } from './media-type.ts'
import { pdfText } from './pdf-text.ts'

/** `bytes` are given away. Never throws for what is wrong with the document. */
export async function documentText(
  bytes: Uint8Array<ArrayBuffer>,
  settings: DocumentSettings,
): Promise<DocumentAnswer> {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const type = mediaTypeOf('', content.subarray(0, LOOKED_AT_BYTES), content.subarray(-LOOKED_AT_BYTES))
  if (isEncryptedOffice(type)) return documentProblem('DOCUMENT_ENCRYPTED', 'the document needs a password')
  const kind = kindOf(type)
  if (kind === null) return documentProblem('DOCUMENT_UNSUPPORTED', `a document of type ${type} isn’t read`)
  if (!settings.types.includes(kind))
    return documentProblem('DOCUMENT_UNSUPPORTED', `the document is of type ${kind}, which \`types\` doesn’t name`)
  switch (kind) {
    case 'pdf':
      return await pdfText(bytes, settings)
    case 'docx':
      return await docxText(content, settings)
    case 'text':
      return plainText(content, settings)
  }
}

/** What isn't anything else may be a text in another encoding than UTF-8. */
function kindOf(type: string): DocumentKind | null {
  if (type === PDF) return 'pdf'
  if (type === DOCX) return 'docx'
  return type === 'text/plain' || type === 'application/octet-stream' ? 'text' : null
}

function plainText(bytes: Buffer, { encoding: label, max_characters }: DocumentSettings): DocumentAnswer {
  const mark = byteOrderMark(bytes)
  const encoding = mark?.encoding ?? encodingOf(label)
  const is_text = encoding !== null && (encoding.unit === 2 || !bytes.includes(0))
  if (!is_text)
    return documentProblem('DOCUMENT_UNSUPPORTED', 'the document is neither a PDF, nor a Word document, nor text')
  const text = encoding.decode(bytes, mark?.size ?? 0, bytes.length)
  if (text === null) return documentProblem('DOCUMENT_ENCODING', `the bytes are not valid ${encoding.name}`)
  if (text.length > max_characters)
    return documentProblem('DOCUMENT_TOO_LONG', `the text has ${text.length} characters`)
  return { kind: 'text', type: 'text', text, pages: null, reader: 'custody' }
}
