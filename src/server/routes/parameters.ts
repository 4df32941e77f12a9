/** Parameters that stand in paths. */
import { z } from 'zod'
import { RowNumber, RunName } from '../../api/common.ts'

export const OfRun = z.strictObject({ run: RunName })
/** Digits, so that one row has one URL. */
const RowInPath = z
  .string()
  .regex(/^[1-9]\d{0,15}$/)
  .transform(Number)
  .pipe(RowNumber)
export const OfRow = z.strictObject({ run: RunName, row: RowInPath })
