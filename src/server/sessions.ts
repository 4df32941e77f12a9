/**
 * Sessions: in memory, bounded in number and in time. Whoever has the cookie is in one.
 *
 * SESSIONS-1. There are at most `MOST_SESSIONS`; one more ends the one that was used longest ago.
 * SESSIONS-2. A session ends `LIFETIME_MS` after it began, or `IDLE_MS` after its last use, whichever comes first.
 */
import type { Role } from '../api/session.ts'
import { digestOf, newSecret } from './secret.ts'

export const MOST_SESSIONS = 1000
export const LIFETIME_MS = 12 * 3_600_000
export const IDLE_MS = 2 * 3_600_000

export interface Session {
  readonly user: string
  readonly role: Role
  readonly csrf: string
}

interface Kept extends Session {
  readonly began_ms: number
  used_ms: number
}

export class Sessions {
  private readonly now_ms: () => number
  /** By the digest of their secret, the one that was used longest ago first. */
  private readonly kept = new Map<string, Kept>()

  constructor(now_ms: () => number) {
    this.now_ms = now_ms
  }

  get count(): number {
    this.forgetEnded()
    return this.kept.size
  }

  /** Returns the secret that the cookie holds. */
  begin(user: string, role: Role): { readonly secret: string; readonly session: Session } {
    this.forgetEnded()
    if (this.kept.size >= MOST_SESSIONS) for (const oldest of this.kept.keys()) if (this.kept.delete(oldest)) break
    const secret = newSecret()
    const now_ms = this.now_ms()
    const session = { user, role, csrf: newSecret(), began_ms: now_ms, used_ms: now_ms }
    this.kept.set(digestOf(secret), session)
    return { secret, session }
  }

  /** null if there is none, or it has ended. */
  find(secret: string): Session | null {
    const key = digestOf(secret)
    const found = this.kept.get(key)
    if (found === undefined) return null
    this.kept.delete(key)
    if (this.hasEnded(found)) return null
    found.used_ms = this.now_ms()
    this.kept.set(key, found)
    return found
  }

  end(secret: string): void {
    this.kept.delete(digestOf(secret))
  }

  private hasEnded({ began_ms, used_ms }: Kept): boolean {
    const now_ms = this.now_ms()
    return now_ms - began_ms >= LIFETIME_MS || now_ms - used_ms >= IDLE_MS
  }

  private forgetEnded(): void {
    for (const [key, session] of this.kept) if (this.hasEnded(session)) this.kept.delete(key)
  }
}
