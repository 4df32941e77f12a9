/** The packages that draw in a terminal: optional peers, loaded where something is drawn. */
import { CustodyError } from '../../model/error.ts'
import { missingPeers } from '../../plugins/peers.ts'
import type { Drawing } from './window.ts'

/** `find`: which are missing. @throws CustodyError CUSTODY_PACKAGE_MISSING */
export async function loadDrawing(command: string, find = missingPeers): Promise<Drawing> {
  const missing = find(['browse'], ['ink', 'react'])
  if (missing !== null)
    throw new CustodyError('CUSTODY_PACKAGE_MISSING', 'drawing in the terminal needs the packages ink and react', {
      hint: `Install them where Custody is installed: ${missing.install}. Without them: ${command} browse --plain`,
    })
  // What React checks while programs are written, and reports, is of no use here.
  process.env.NODE_ENV ??= 'production'
  return { ink: await import('ink'), react: await import('react') }
}
