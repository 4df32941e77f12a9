/** What a model is asked. */
import type { OutputShape } from './output-shape.ts'

export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface Question {
  readonly messages: readonly Message[]
  /** Null: a text. */
  readonly shape: OutputShape | null
}
