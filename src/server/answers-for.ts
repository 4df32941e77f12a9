/** Answers as one reader gets them. */
import type { RecordedAnswers } from './access/recorded-answers.ts'
import type { Who } from './who.ts'

export type AnswersFor = (who: Who) => RecordedAnswers
