/** The session, for every screen; and what happens where it is over. */
import { createContext, use } from 'react'
import type { Role, Session } from '../../api/session.ts'

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = use(SessionContext)
  if (session === null) throw new Error('No screen is shown without a session')
  return session
}

const RANK: { readonly [role in Role]: number } = { viewer: 0, analyst: 1, operator: 2 }

/** Whether the session may what `role` may. */
export function useMay(role: Role): boolean {
  return RANK[useSession().role] >= RANK[role]
}
