/** Standard base64 with its padding (RFC 4648, section 4). */

export function toBase64(bytes: Uint8Array): string {
  let units = ''
  for (const byte of bytes) units += String.fromCharCode(byte)
  return btoa(units)
}

/** null for any other spelling of the same bytes, and for none at all. */
export function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const units = atob(text)
  const bytes = new Uint8Array(units.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = units.charCodeAt(i)
  // Only the last four units can be spelt in another way.
  const last = bytes.subarray(text.length * 0.75 - 3)
  return toBase64(last) === text.slice(-4) ? bytes : null
}
