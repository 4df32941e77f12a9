/**
 * What a key, an answer or the passing of time changes of what is shown.
 *
 * STEP-1. A function of state and event alone: it reads no ledger and waits for nothing. What is to be done outside comes back as effects.
 * STEP-2. An answer counts only for the screen that still waits for it.
 * STEP-3. A screen that is asked again shows what it showed until the new answer is there.
 */
import type { Progress } from '../../host/answers/asked.ts'
import { isCustodyError } from '../../model/error.ts'
import { bodyOf } from './body.ts'
import { filterOf, lineOf } from './filter-line.ts'
import { bodyRows } from './frame.ts'
import type { Look } from './lines.ts'
import type { AnyAnswer, Changed, Content, Effect, Note, Prompt, Screen, State, Target } from './state.ts'

export type Move = 'up' | 'down' | 'page up' | 'page down' | 'home' | 'end'
export type Command =
  | Move
  | 'open'
  | 'back'
  | 'next'
  | 'previous'
  | 'search'
  | 'verify'
  | 'prove'
  | 'command'
  | 'help'
  | 'quit'

export type Event =
  | { readonly kind: 'command'; readonly command: Command }
  /** Into the line that is being typed. */
  | { readonly kind: 'typed'; readonly text: string }
  | { readonly kind: 'erased'; readonly all: boolean }
  /** The one with this number, from 0, of what can be opened. */
  | { readonly kind: 'chosen'; readonly number: number }
  /** Rows that fit this line. */
  | { readonly kind: 'searched'; readonly line: string }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'answered'; readonly id: number; readonly content: Content<AnyAnswer> }
  | { readonly kind: 'said'; readonly note: Note }
  /** What is still running may have changed. */
  | { readonly kind: 'time passed' }

/** What is shown first. */
export function begin(target: Target): Changed {
  const top = screenOf(target, 1)
  const state = { top, under: [], prompt: null, note: null, help: false, next: 2, over: false }
  return { state, effects: [{ kind: 'ask', id: 1, target }] }
}

/** `commandText`: the command that prints the same as a screen. */
export interface Surroundings extends Look {
  readonly commandText: (screen: Screen, row: number | null) => string
}

export function step(state: State, event: Event, around: Surroundings): Changed {
  switch (event.kind) {
    case 'command':
      return commanded({ ...state, note: null }, event.command, around)
    case 'typed':
      return only(withPrompt(state, prompt => ({ text: prompt.text + event.text, problem: null })))
    case 'erased':
      return only(
        withPrompt(state, ({ text }) => ({ text: event.all ? '' : [...text].slice(0, -1).join(''), problem: null })),
      )
    case 'chosen':
      return chosen({ ...state, note: null }, event.number, around)
    case 'searched':
      return searched({ ...state, note: null }, event.line, around)
    case 'progress':
      return only(answered(state, event.id, { kind: 'asking', progress: event.progress }))
    case 'answered':
      return only(answered(state, event.id, event.content))
    case 'said':
      return only({ ...state, note: event.note })
    case 'time passed':
      return mayChange(state.top) && state.top.asked === null ? askAgain(state, state.top) : only(state)
  }
}

function only(state: State): Changed {
  return { state, effects: [] }
}

function withPrompt(state: State, change: (prompt: Prompt) => Prompt): State {
  return state.prompt === null ? state : { ...state, prompt: change(state.prompt) }
}

function commanded(state: State, command: Command, around: Surroundings): Changed {
  if (state.prompt !== null) {
    if (command === 'open') return searched(state, state.prompt.text, around)
    return command === 'back' ? only({ ...state, prompt: null }) : only(state)
  }
  if (state.help) return only({ ...state, help: false, over: command === 'quit' })
  switch (command) {
    case 'open':
      return chosen(state, state.top.at, around)
    case 'back':
      return back(state)
    case 'next':
    case 'previous':
      return turned(state, command)
    case 'search':
      return only({ ...state, prompt: { text: searchText(state.top), problem: null } })
    case 'verify':
      return verify(state, around)
    case 'prove': {
      const { top } = state
      if (top.kind !== 'story') return only(saying(state, 'p writes the proof of a row: open one first'))
      return { state: saying(state, 'making the proof …'), effects: [{ kind: 'prove', ...top.place }] }
    }
    case 'command': {
      const opens = chosenTarget(state, around)
      return only(saying(state, around.commandText(state.top, opens?.kind === 'story' ? opens.place.row : null)))
    }
    case 'help':
      return only({ ...state, help: true })
    case 'quit':
      return only({ ...state, over: true })
    default:
      return only({ ...state, top: { ...state.top, at: moved(state.top, command, around) } })
  }
}

function saying(state: State, text: string): State {
  return { ...state, note: { text, tone: 'plain' } }
}

function screenOf(target: Target, asked: number): Screen {
  const fresh = { content: { kind: 'asking', progress: null }, asked, at: 0 } as const
  // One by one, so that kind and place belong together.
  switch (target.kind) {
    case 'runs':
      return { ...target, ...fresh }
    case 'run':
      return { ...target, ...fresh }
    case 'rows':
      return { ...target, ...fresh }
    case 'story':
      return { ...target, ...fresh }
    case 'verify':
      return { ...target, ...fresh }
  }
}

function opened(state: State, target: Target): Changed {
  const { top, under } = state
  return replaced({ ...state, under: [...under, { ...top, asked: null }] }, target)
}

/** Another screen takes the place of the top. */
function replaced(state: State, target: Target): Changed {
  const { top, next } = state
  return {
    state: { ...state, top: screenOf(target, next), next: next + 1, prompt: null },
    effects: [...givenUp(top), { kind: 'ask', id: next, target }],
  }
}

/** Nobody waits for it any more. */
function givenUp({ asked }: Screen): readonly Effect[] {
  return asked === null ? [] : [{ kind: 'give up', id: asked }]
}

function back(state: State): Changed {
  const { top, under } = state
  const below = under.at(-1)
  if (below === undefined) return only(saying(state, 'q ends'))
  const shown: State = { ...state, top: below, under: under.slice(0, -1) }
  // What it waited for was given up when another screen was opened, and what runs may have gone further.
  const again = below.content.kind === 'asking' || mayChange(below)
  const next = again ? askAgain(shown, below) : only(shown)
  return { ...next, effects: [...givenUp(top), ...next.effects] }
}

function askAgain(state: State, { kind, place }: Screen): Changed {
  const { next } = state
  // cast: kind and place come from one screen.
  const target = { kind, place } as Target
  return {
    state: { ...state, top: { ...state.top, asked: next }, next: next + 1 },
    effects: [{ kind: 'ask', id: next, target }],
  }
}

function turned(state: State, way: 'next' | 'previous'): Changed {
  const { top } = state
  if ((top.kind !== 'runs' && top.kind !== 'rows') || top.content.kind !== 'there')
    return only(saying(state, 'there are no pages here'))
  const cursor = top.content.answer.next_cursor
  const { trail } = top.place
  if (way === 'next' && cursor === null) return only(saying(state, 'this is the last page'))
  if (way === 'previous' && trail.length === 1) return only(saying(state, 'this is the first page'))
  const turned = way === 'next' ? [...trail, cursor] : trail.slice(0, -1)
  const target: Target =
    top.kind === 'runs'
      ? { kind: 'runs', place: { trail: turned } }
      : { kind: 'rows', place: { ...top.place, trail: turned } }
  return replaced(state, target)
}

function targets(screen: Screen, around: Look): readonly Target[] {
  return bodyOf(screen, around).flatMap(({ opens }) => opens ?? [])
}

function chosenTarget({ top }: State, around: Look): Target | undefined {
  return targets(top, around)[top.at]
}

function chosen(state: State, number: number, around: Surroundings): Changed {
  const target = targets(state.top, around)[number]
  if (target === undefined) return only(saying(state, 'there is nothing to open'))
  // cast: but for the place in it, it is the same screen.
  return opened({ ...state, top: { ...state.top, at: number } as Screen }, target)
}

function runOf(state: State, around: Look): string | null {
  if (state.top.kind !== 'runs') return state.top.place.run
  const target = chosenTarget(state, around)
  return target?.kind === 'run' ? target.place.run : null
}

function verify(state: State, around: Look): Changed {
  const run = runOf(state, around)
  if (run === null) return only(saying(state, 'choose a run first'))
  if (state.top.kind === 'verify') return only(state)
  return opened(state, { kind: 'verify', place: { run } })
}

/** What a search begins with: the filter that is in force, to be changed. */
function searchText(screen: Screen): string {
  const line = screen.kind === 'rows' ? lineOf(screen.place.filter) : ''
  return line === '' ? '' : `${line} `
}

/** In the rows of a run another search takes the place of the one before. */
function searched(state: State, line: string, around: Look): Changed {
  const run = runOf(state, around)
  if (run === null) return only({ ...saying(state, 'choose a run first'), prompt: null })
  try {
    const target: Target = { kind: 'rows', place: { run, filter: filterOf(line), trail: [null] } }
    return state.top.kind === 'rows' ? replaced(state, target) : opened(state, target)
  } catch (error) {
    if (!isCustodyError(error)) throw error
    const problem = `${error.message}. ${error.hint ?? ''}`.trim()
    const note = { text: problem, tone: 'bad' } as const
    return only(state.prompt === null ? { ...state, note } : { ...state, prompt: { ...state.prompt, problem } })
  }
}

function answered(state: State, id: number, content: Content<AnyAnswer>): State {
  if (state.top.asked !== id) return state
  const asked = content.kind === 'asking' ? id : null
  // What is asked again isn't covered by how far the answer is.
  if (content.kind === 'asking' && state.top.content.kind !== 'asking') return state
  // cast: the answer of its own question.
  const top = { ...state.top, asked, content } as Screen
  return { ...state, top: { ...top, at: atSameRun(state.top, top) } }
}

/** Where runs have begun since, the one that was chosen stands further down; the newest stays the newest. */
function atSameRun(before: Screen, now: Screen): number {
  if (before.kind !== 'runs' || now.kind !== 'runs' || before.at === 0) return now.at
  if (before.content.kind !== 'there' || now.content.kind !== 'there') return now.at
  const chosen = before.content.answer.runs[before.at]?.run
  const at = now.content.answer.runs.findIndex(({ run }) => run === chosen)
  return at === -1 ? now.at : at
}

/** Whether what it shows may still change: a run that is under way, and which are the newest. */
function mayChange(screen: Screen): boolean {
  if (screen.content.kind !== 'there') return false
  if (screen.kind === 'run') return screen.content.answer.status === 'running'
  return screen.kind === 'runs' && screen.place.trail.length === 1
}

function moved(screen: Screen, move: Move, around: Look): number {
  const lines = bodyOf(screen, around)
  const openable = lines.filter(({ opens }) => opens !== null).length
  const page = bodyRows(around)
  const last = openable > 0 ? openable - 1 : Math.max(0, lines.length - page)
  const to = { up: screen.at - 1, down: screen.at + 1, home: 0, end: last }
  const paged = { 'page up': screen.at - page, 'page down': screen.at + page }
  return Math.max(0, Math.min(last, { ...to, ...paged }[move]))
}
