/** What data must not do to whoever looks at it: move a cursor, set colours, reorder a line, break a line or a comment, or be invisible. */

/**
 * C0, DEL, C1, bidirectional controls, what has no width, line and paragraph separators, byte order mark, interlinear annotations, what is
 * no character, tags, lone surrogates.
 */
export const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu

/** JSON text with all of it within its texts as escapes (`\u202e`), line breaks between its parts as they are; it stands for the same value. */
export function jsonPrintable(json: string): string {
  return json.replace(UNSAFE, found => (found === '\n' ? found : found.split('').map(jsonEscaped).join('')))
}

function jsonEscaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
