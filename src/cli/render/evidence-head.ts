/** To which head of the ledger's own log a proof or a record leads, and what others have said of that. */
import type { GivenHead } from '../../read/prove/prove.ts'
import { count, counted } from './text.ts'

/** Lines without their ends; `command`: as Custody is called. */
export function headText({ size, latest, cosigners, timestamps }: GivenHead, command: string): readonly string[] {
  if (cosigners === 0 && timestamps.length === 0)
    return [
      `  undated   no witness has cosigned a head with all of it, and no authority has dated one (\`${command} witness --catch-up\` asks those that you have named)`,
    ]
  const parts = [
    ...(cosigners === 0 ? [] : [counted(cosigners, 'cosignature')]),
    ...(timestamps.length === 0 ? [] : [counted(timestamps.length, 'timestamp')]),
  ]
  const older = size === latest ? '' : `; it is of ${count(latest)} by now (--latest-head)`
  return [
    `  head      of ${counted(size, 'entry', 'entries')} of the ledger’s own log, with ${parts.join(' and ')}${older}`,
  ]
}
