/**
 * Who builds an index: one process at a time, so that none does what another is doing. Nothing depends on it: two that build at once build
 * the same.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { livesHere, parseHolder, thisProcess } from '../../model/holder.ts'
import { isMissing } from './missing.ts'

const NAME = 'builder'

/** Whether it is claimed now. `token`: names one builder among those of a process. */
export function claim(index: string, token: string): boolean {
  const held = claimOf(index)
  if (held !== null && held.token !== token && held.lives) return false
  if (held?.token === token) return true
  mkdirSync(index, { recursive: true, mode: 0o700 })
  const draft = join(index, `${NAME}-${token}`)
  writeFileSync(draft, JSON.stringify({ ...thisProcess(), token }), { mode: 0o600 })
  renameSync(draft, join(index, NAME))
  return true
}

export function giveUpClaim(index: string, token: string): void {
  if (claimOf(index)?.token === token) rmSync(join(index, NAME), { force: true })
}

/** Whether somebody on this machine is building. */
export function isClaimed(index: string): boolean {
  return claimOf(index)?.lives === true
}

function claimOf(index: string): { readonly token: string; readonly lives: boolean } | null {
  let text: string
  try {
    text = readFileSync(join(index, NAME), 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  const token = /"token":"([^"]*)"/.exec(text)?.[1]
  const holder = token === undefined ? null : parseHolder(text)
  return holder === null || token === undefined ? null : { token, lives: livesHere(holder) }
}
