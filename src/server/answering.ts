/** What the server asks: src/host/answers, and in tests what stands in its place. */
import type { LedgerAnswers } from '../host/answers/ledger-answers.ts'

export type Answering = Pick<LedgerAnswers, 'ask' | 'stream'>
