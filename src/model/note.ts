/** Signs the text of a checkpoint (C2SP signed-note, Ed25519). */
export interface Signer {
  /** Key name as in the note's signature line. */
  readonly name: string
  /** C2SP verifier key: `name+hash+base64`. */
  readonly verifier_key: string
  /** Returns the signed note for a checkpoint body that ends in a newline. */
  sign(text: string): string
}
