/** What each of those that keep secrets does, and what they have in common. */
import type { ErrorCode } from '../model/error.ts'
import type { SecretKind, SecretReference } from '../model/secret-reference.ts'
import type { Environment } from './environment.ts'
import type { Ask } from './web.ts'

/** What is kept under a name. */
export type Stored =
  | { readonly kind: 'text'; readonly text: string }
  /** Of Vault: fields with values of JSON. */
  | { readonly kind: 'fields'; readonly fields: { readonly [name: string]: unknown } }

export type ReferenceOf<Kind extends SecretKind> = Extract<SecretReference, { readonly kind: Kind }>

export interface Keeper<Kind extends SecretKind> {
  /** The same for references that differ only in their fields: those are read at once. */
  placeOf(reference: ReferenceOf<Kind>): string
  /** @throws SecretProblem; whatever a library throws that isn’t known */
  read(reference: ReferenceOf<Kind>, signal: AbortSignal): Promise<Stored>
}

export interface KeeperPorts {
  readonly env: Environment
  readonly ask: Ask
  /** Resolves after so many ms; rejects when the signal is given. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Why a secret can’t be had. Its message begins with who keeps it, and quotes nothing that came from there. */
export class SecretProblem extends Error {
  override readonly name = 'SecretProblem'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}
