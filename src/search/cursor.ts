/** From where another question continues: a text for whoever asks, who gives it back as it is. */
import { CustodyError } from '../model/error.ts'

export interface Cursor {
  /** Rows up to this one were looked at. */
  readonly after: number
  /** How many more that fit are to be skipped. */
  readonly skip: number
  /** How many fitted up to there, as far as they were looked at one by one. */
  readonly seen: number
}

export const START: Cursor = { after: 0, skip: 0, seen: 0 }

export function cursorText({ after, skip, seen }: Cursor): string {
  return `${after}.${skip}.${seen}`
}

/** @throws CustodyError CUSTODY_ARGUMENT */
export function parseCursor(text: string): Cursor {
  const [, ...numbers] = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  if (numbers.length < 3)
    throw new CustodyError('CUSTODY_ARGUMENT', `${JSON.stringify(text)} is no cursor`, {
      hint: 'Give `next_cursor` of the page before as it is, or none.',
    })
  const [after = 0, skip = 0, seen = 0] = numbers.map(Number)
  return { after, skip, seen }
}
