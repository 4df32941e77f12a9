/** What is uncertain of a file's encoding, in words. */
import { counted } from '../model/number-text.ts'
import type { Sample } from './sample.ts'

export function encodingDoubts({ encoding }: Sample): readonly string[] {
  if (encoding.kind === 'guess') return [`its encoding: it is no UTF-8, and looks like ${encoding.label}`]
  if (encoding.kind === 'damaged')
    return [
      `its encoding: ${counted(encoding.bad_lines, 'line')} of it are no UTF-8, and nothing speaks for another one`,
    ]
  return []
}
