/** Parameters that stand in paths. */
import { z } from 'zod'
import { RowNumber, RunName, TokenNumber } from '../../api/common.ts'

export const OfRun = z.strictObject({ run: RunName })
/** Digits, so that one row has one URL. */
const InPath = z
  .string()
  .regex(/^[1-9]\d{0,15}$/)
  .transform(Number)
export const OfRow = z.strictObject({ run: RunName, row: InPath.pipe(RowNumber) })
export const OfToken = z.strictObject({ run: RunName, token: InPath.pipe(TokenNumber) })
