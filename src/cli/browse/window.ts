/** Browsing in a window of the terminal, drawn by Ink. No JSX: these few elements don't need what it would ask of every tool. */
import type * as ink from 'ink'
import type * as react from 'react'
import type { Browsing } from './browsing.ts'
import { frameOf } from './frame.ts'
import { eventsOf } from './keys.ts'
import type { Look } from './lines.ts'

/** How often what is still running is asked for again. */
const REFRESH_MS = 2_000

export interface Drawing {
  readonly ink: Pick<typeof ink, 'render' | 'Box' | 'Text' | 'useApp' | 'useInput' | 'useWindowSize'>
  readonly react: Pick<typeof react, 'createElement' | 'useEffect' | 'useSyncExternalStore'>
}

export interface Window {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
  /** Colours as they are written, and everything else that a terminal could act on as an escape. */
  readonly safe: (text: string) => string
  readonly look: () => Look
  readonly resized: (columns: number, rows: number) => void
  /** False: it is drawn where the cursor stands. */
  readonly alternate: boolean
}

/** Resolves when whoever browses has quit. */
export async function browseInWindow(browsing: Browsing, drawing: Drawing, window: Window): Promise<void> {
  const { ink, react } = drawing
  const Screen = () => {
    const { exit } = ink.useApp()
    const { columns, rows } = ink.useWindowSize()
    window.resized(columns, rows)
    const state = react.useSyncExternalStore(browsing.onChange, () => browsing.state)
    ink.useInput((input, key) => {
      // Each changes what the next one means.
      for (const event of eventsOf(input, key, browsing.state.prompt !== null)) browsing.take(event)
    })
    react.useEffect(() => {
      if (state.over) exit()
    }, [state.over, exit])
    const lines = frameOf(state, window.look())
    return react.createElement(
      ink.Box,
      { flexDirection: 'column' },
      ...lines.map((line, i) =>
        react.createElement(ink.Text, { key: i, wrap: 'truncate-end' }, line === '' ? ' ' : window.safe(line)),
      ),
    )
  }
  const timer = setInterval(() => browsing.take({ kind: 'time passed' }), REFRESH_MS)
  try {
    const { waitUntilExit } = ink.render(react.createElement(Screen), {
      stdin: window.stdin,
      stdout: window.stdout,
      alternateScreen: window.alternate,
      // That there is a terminal is known.
      interactive: true,
      patchConsole: false,
    })
    await waitUntilExit()
  } finally {
    clearInterval(timer)
  }
}
