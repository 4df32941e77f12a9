/** Public keys of timestamp authorities, and the digests that they sign. */

export type Digest = 'sha256' | 'sha384' | 'sha512'

/** `info`: SubjectPublicKeyInfo, DER; and what stands in it, big-endian. */
export type PublicKey =
  | { readonly kind: 'rsa'; readonly info: Uint8Array; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  | {
      readonly kind: 'ec'
      readonly info: Uint8Array
      readonly curve: 'P-256' | 'P-384'
      /** Uncompressed: 04 ‖ x ‖ y. */
      readonly point: Uint8Array
    }
