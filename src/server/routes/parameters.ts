/** Parameters that stand in paths. */
import { z } from 'zod'
import { RowText, RunName, TokenText } from '../../api/common.ts'

export const OfRun = z.strictObject({ run: RunName })
export const OfRow = z.strictObject({ run: RunName, row: RowText })
export const OfToken = z.strictObject({ run: RunName, token: TokenText })
