/**
 * The letter to the person whom a row concerns: what was decided, by which rules with which values, in what order, by which model, by whom. It
 * tells what the proof inside it tells, and no more.
 *
 * LETTER-3. It is the sender's own statement and says so; it has no verdict on the proof, and no word that it holds.
 * LETTER-4. It runs nothing and loads nothing: its policy allows its own style alone.
 */
import { toBase64 } from '../../format/base64.ts'
import { hexToBytes } from '../../format/hash.ts'
import { withProof } from '../../format/letter.ts'
import { grouped as count, counted } from '../../model/number-text.ts'
import { idText } from '../../model/part-ids.ts'
import { sha256Hex } from '../../model/sha256.ts'
import type { CheckedProof } from '../check/check-proof.ts'
import type { CallStory, Story, VisitStory } from '../explain/story.ts'
import { IS_ABSENT } from '../words/absent.ts'
import { endingText } from '../words/ending.ts'
import { askedAndSeen, callText, type Step } from '../words/steps.ts'
import { type DataWords, type Entered, type StoryWords, storyWords, type TokenWords } from '../words/story.ts'
import { listed, printable, timeText } from '../words/text.ts'
import { WHOLE } from '../words/wording.ts'
import { type Markup, markup, numbered } from './markup.ts'
import { LETTER_STYLE } from './style.ts'

/** What a letter is made of: what checking the proof gave, with the sender's own keys trusted. */
export interface LetterParts extends Pick<CheckedProof, 'head' | 'not_proven' | 'withheld' | 'signed_by'> {
  readonly story: Story
  /** The text of the proof's file. */
  readonly proof: string
  /** Of Custody. */
  readonly version: string
}

export function letterText(parts: LetterParts): string {
  const words = storyWords(parts.story, WHOLE)
  const stories = withOnward(parts.story)
  const body = [
    markup('h1', 'What was decided, and why'),
    statement(parts),
    markup('h2', 'The decision'),
    ...decisions(stories),
    markup(
      'p.quiet',
      'Names are those that the sender gave: a sink is where records end, a gate a rule that chooses a way.',
    ),
    markup('h2', 'What came in'),
    words.entered === null ? markup('p', 'The record doesn’t say.') : entered(words.entered),
    markup('h2', 'The rules that decided, and the values they saw'),
    ...rules(stories),
    markup('h2', 'Models, services and people'),
    ...deciders(stories),
    markup('h2', 'Step by step, in order'),
    ...steps(words),
    markup('h2', 'What this letter doesn’t show'),
    ...limits(parts),
    markup('h2', 'How to check it'),
    ...checking(parts),
  ]
  const policy = `default-src 'none'; style-src 'sha256-${toBase64(hexToBytes(sha256Hex(LETTER_STYLE)))}'; base-uri 'none'; form-action 'none'`
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What was decided, and why</title>
<style>${LETTER_STYLE}</style>
<main>
${body.map(each => each.html).join('')}</main>
</html>
`
  return withProof(page, parts.proof)
}

function withOnward(story: Story): readonly Story[] {
  return [story, ...story.onward.flatMap(withOnward)]
}

const visitsOf = (stories: readonly Story[]): readonly VisitStory[] =>
  stories.flatMap(each => each.tokens.flatMap(token => token.visits))

function statement({ story, version }: LetterParts): Markup {
  const { subject, name, run } = story
  const which =
    subject.kind === 'row'
      ? `record ${count(subject.index)} of ${printable(subject.source)}, which was row ${idText(subject.row)}`
      : `batch ${idText(subject.batch)}`
  return markup(
    'div.statement',
    markup('p', `This letter is about ${which} of run ${run} of ${printable(name)}.`),
    markup(
      'p',
      markup('strong', 'It is the sender’s own statement.'),
      ` It was made with Custody ${version} from the sender’s record of that run. Nothing is true because it stands here. Inside this file there is a proof, which can be checked without the sender: the end of this letter says how.`,
    ),
  )
}

/** How each of its tokens ended that didn't go on as others. */
function decisions(stories: readonly Story[]): readonly Markup[] {
  const endings = stories.flatMap(({ tokens, subject }) =>
    tokens.flatMap(({ ending, branch }) => {
      if (ending === null || ending.class === 'passed on') return []
      const of = subject.kind === 'batch' ? ` (of batch ${idText(subject.batch)})` : ''
      const way = branch === null ? '' : ` (branch ${printable(branch)})`
      const why = ending.error?.message
      const said = why?.kind === 'known' ? `: ${printable(why.value)}` : ''
      return [
        `${capital(endingText(ending))}${way}${of}${said}. Recorded ${timeText(ending.recorded_us)}, by the sender’s clock.`,
      ]
    }),
  )
  if (endings.length === 0) return [markup('p', 'It went on as part of others, whose ends aren’t in the proof.')]
  return endings.length === 1
    ? [markup('p', markup('strong', endings[0] ?? ''))]
    : [markup('ul', ...endings.map(each => markup('li', each)))]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function entered(of: Entered): Markup {
  if (of.kind !== 'rejected') return data(of)
  const { text, raw, absent, details } = of
  const lines = [capital(text), absent, raw === null ? null : `It was read as ${raw}`, details]
  return markup('ul', ...lines.map(each => (each === null ? null : markup('li', each))))
}

function data(of: DataWords): Markup {
  switch (of.kind) {
    case 'fields':
      return table(['Field', 'Value'], of.fields)
    case 'changes':
      return markup('p', of.texts.join(' · '))
    case 'value':
      return markup('p', of.text)
    case 'absent':
      return markup('p', `Its data ${IS_ABSENT[of.why]}.`)
  }
}

function table(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): Markup {
  return markup(
    'table',
    markup('thead', markup('tr', ...heads.map(each => markup('th', each)))),
    markup('tbody', ...rows.map(row => markup('tr', ...row.map(each => markup('td', each))))),
  )
}

function rules(stories: readonly Story[]): readonly Markup[] {
  const gates = stories
    .flatMap(each => stepsIn(storyWords(each, WHOLE).tokens))
    .flatMap(({ node, head, more }): ReadonlyArray<readonly string[]> => {
      if (head.kind !== 'gate') return []
      // What was asked before, and didn't hold.
      const before = more.map(askedAndSeen).map(([asked, seen]) => [node, asked, seen ?? '', ''])
      return [...before, [node, head.expression, head.values, head.way]]
    })
  if (gates.length === 0) return [markup('p', 'No rule of the pipeline chose between ways.')]
  return [table(['Rule', 'What it asks', 'With the values', 'Result'], gates)]
}

function stepsIn(tokens: readonly TokenWords[]): readonly Step[] {
  return tokens.flatMap(each => [...each.steps, ...stepsIn(each.children)])
}

function deciders(stories: readonly Story[]): readonly Markup[] {
  const calls = [
    ...visitsOf(stories).flatMap(visit => visit.calls.map(call => ({ at: visit.node, call }))),
    ...stories.flatMap(({ subject }) =>
      subject.kind === 'batch' ? subject.calls.map(call => ({ at: subject.node, call })) : [],
    ),
  ]
  const asked = calls.map(({ at, call }) => markup('li', `At ${printable(at)}: ${modelText(call)}${callText(call)}.`))
  return [
    calls.length === 0
      ? markup('p', 'No language model, and no other outside service, was asked.')
      : markup('ul', ...asked),
    markup(
      'p',
      'The record names no person who decided: the rules above did, and the answers of services, if any are named here. Whether a person made what came in, or acted on the result, it can’t say.',
    ),
  ]
}

/** `language model gpt-5 of openai, ` where the request is shown, and is one to a model. */
function modelText({ request, response }: CallStory): string {
  const fields = [response, request].map(each => (each.kind === 'known' ? objectOf(each.value) : {}))
  const models = fields.flatMap(({ model }) => (typeof model === 'string' ? [printable(model)] : []))
  const provider = fields.map(each => each.provider).find(each => typeof each === 'string')
  if (models.length === 0)
    return request.kind === 'known' ? '' : `what was asked of which model ${IS_ABSENT[request.kind]}; `
  const asked = listed([...new Set(models)].slice(0, 2))
  return `language model ${asked}${typeof provider === 'string' ? `, of ${printable(provider)}` : ''}; `
}

function objectOf(value: unknown): { readonly [field: string]: unknown } {
  // cast: an object, of which nothing else is known.
  return typeof value === 'object' && value !== null ? (value as { readonly [field: string]: unknown }) : {}
}

function steps(words: StoryWords): readonly Markup[] {
  const { title, tokens, onward, single, left_out } = words
  return [
    markup('p', markup('strong', title.name), title.rest),
    ...tokens.flatMap(each => tokenSteps(each, single, 1)),
    ...onward.flatMap(steps),
    ...(left_out === null ? [] : [markup('p', left_out)]),
  ]
}

/** `first`: the number of its first step. */
function tokenSteps(token: TokenWords, single: boolean, first: number): readonly Markup[] {
  const { named, born, steps: own, closing, children } = token
  const lines = own.map(({ node, by, head, more }) =>
    markup(
      'li',
      markup('strong', node),
      ` (${by}): ${headText(head)}`,
      ...more.map(each => markup('p.quiet', moreText(each))),
    ),
  )
  const end = closing.class === 'open' ? closing.name : `${closing.name}: ${closing.words}${closing.rest}`
  return [
    ...(single ? [] : [markup('h3', named.name, named.rest), ...(born === null ? [] : [data(born)])]),
    ...(lines.length === 0 ? [] : [numbered(first, lines)]),
    markup('p', `${end}.`),
    ...children.flatMap(each => tokenSteps(each, false, first + own.length)),
  ]
}

function moreText(line: string): string {
  const [asked, seen] = askedAndSeen(line)
  return seen === null ? asked : `${asked} — ${seen}`
}

function headText(head: Step['head']): string {
  switch (head.kind) {
    case 'text':
      return head.text
    case 'error':
      return `${head.code}: ${head.message} ${head.way}`.trim()
    case 'gate':
      return [head.expression, head.values, head.way].filter(each => each !== '').join(' — ')
  }
}

function limits({ withheld, not_proven }: LetterParts): readonly Markup[] {
  return [
    markup(
      'p',
      withheld === 0
        ? 'No value is withheld.'
        : `${counted(withheld, 'value is', 'values are')} withheld: the steps say where.`,
    ),
    markup('p', 'Nor does the proof inside it show:'),
    markup('ul', ...not_proven.map(each => markup('li', printable(each)))),
  ]
}

function checking({ head, signed_by }: LetterParts): readonly Markup[] {
  return [
    markup(
      'p',
      'Keep this file as it is: the proof is inside it, and a print has only the words. Check it with a verifier that you have from elsewhere, never from the sender:',
    ),
    markup(
      'ul',
      markup('li', 'the verifier’s page of Custody, in any browser: drop this file on it; or'),
      markup(
        'li',
        'the command ',
        markup('code', 'custody check letter.html --key keys.txt'),
        ', with the name of this file.',
      ),
    ),
    markup(
      'p',
      'Either tells what the proof says: compare that with this letter. It needs the verifier keys of whoever keeps the record. Get them by another way than this letter: where they are published, or from somebody who has them from before.',
    ),
    markup(
      'p.quiet',
      `The proof says of itself that it is of ledger ${printable(head?.ledger ?? '?')}, and signed by ${listed(signed_by.map(printable))}. Take neither from here.`,
    ),
  ]
}
