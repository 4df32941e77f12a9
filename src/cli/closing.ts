/** What a command opened is closed at its end, whatever happened. */
import type { Terminal } from './terminal.ts'

export type Close = () => void | Promise<void>

/**
 * Closes one after another, the last that was opened first. One that fails is told, and keeps neither the others from being closed nor
 * what came of the command from being told.
 */
export async function closeAll(opened: readonly Close[], { tell }: Pick<Terminal, 'tell'>): Promise<void> {
  for (const close of opened.toReversed())
    try {
      await close()
    } catch (thrown) {
      tell(`warning: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
}
