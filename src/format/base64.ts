/** Standard base64 with its padding (RFC 4648, section 4). */

export function toBase64(bytes: Uint8Array): string {
  let units = ''
  for (const byte of bytes) units += String.fromCharCode(byte)
  return btoa(units)
}

/** null for any other spelling of the same bytes, and for none at all. */
export function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const bytes = Uint8Array.from(atob(text), unit => unit.charCodeAt(0))
  return toBase64(bytes) === text ? bytes : null
}
