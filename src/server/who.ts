/** Who is asking, and what their role lets them do. */
import { ROLES, type Role } from '../api/session.ts'

export interface Who {
  /** As the sign-in gave it; `local` on this machine. */
  readonly user: string
  readonly role: Role
  /** By the token of the process, or by a cookie; then with the word that each request which changes something must repeat. */
  readonly by: { readonly kind: 'token' } | { readonly kind: 'cookie'; readonly csrf: string }
}

export function mayAs(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least)
}

export function seesValues({ role }: Who): boolean {
  return mayAs(role, 'analyst')
}
