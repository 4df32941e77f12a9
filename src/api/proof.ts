/** What leaves the house: the proof of a row, and the letter with the proof in it. */
import { z } from 'zod'
import { RowAsked, RowNumber, RunId, RunName } from './common.ts'

export const ProofQuery = z.object({ run: RunName, row: RowAsked })

export const RowDocument = z.object({
  run: RunId,
  row: RowNumber,
  file_name: z.string().describe('as it would be saved'),
  media_type: z.enum(['application/json', 'text/html']),
  text: z.string().describe('the bytes of the file, as UTF-8'),
})
export type RowDocument = z.infer<typeof RowDocument>
