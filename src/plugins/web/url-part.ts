/** `%41` read as `A`; what isn’t percent-encoding stays as it stands, so that a password may have a `%` in it. */
export function decodedPart(part: string): string {
  return part.replaceAll(/(?:%[\da-f]{2})+/gi, encoded => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      // Bytes that are no UTF-8.
      return encoded
    }
  })
}
