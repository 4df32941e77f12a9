/** Texts in any script: case, padding, normal forms. What CEL has for ASCII alone is here for all letters. */

import { BLANKS, trim, trimEnd, trimStart } from '../../model/blanks.ts'
import { loadOwnModule } from '../../model/own-file.ts'
import { fault } from '../faults.ts'
import { limitText, MAX_TEXT } from '../operators.ts'
import { quote } from '../time.ts'
import { tooLong } from '../total/fails.ts'
import { anyOf, type Possible } from '../total/possible.ts'
import { STRING } from '../types.ts'
import { type FunctionGroup, type More, type Overload, overload, total } from './spec.ts'

/** A character becomes three at most where its case is changed, and 18 in the normal forms: Unicode 17, section 5.18; UAX 15, section 12. */
const grown = (times: number) => (args: readonly Possible[]) =>
  anyOf(['string'], { length: (args[0]?.length ?? Number.POSITIVE_INFINITY) * times })
const onText = (times: number, run: (text: string) => string): readonly Overload[] => [
  total(['string'], STRING, ([text]) => run(text), { results: grown(times) }),
]

const widest = ([text, length]: readonly Possible[]) =>
  // A width counts characters, which are two units at most.
  Math.max(text?.length ?? Number.POSITIVE_INFINITY, 2 * Number(length?.int[1] ?? MAX_TEXT))
const pads: More = {
  fails: args => tooLong(widest(args)),
  results: args => anyOf(['string'], { length: widest(args) }),
}

/** What makes `text` as long as that, in code points. */
function padding(text: string, length: bigint, by: string, at: string): string {
  const missing = Number(length) - [...text].length
  if (missing <= 0 || by === '') return ''
  limitText(Number(length), at)
  const pad = [...by]
  const rounds = Math.floor(missing / pad.length)
  limitText(text.length + (rounds + 1) * by.length, at)
  return by.repeat(rounds) + pad.slice(0, missing % pad.length).join('')
}

const padded = (pad: (text: string, padding: string) => string): readonly Overload[] => [
  overload(['string', 'int'], STRING, ([text, length], at) => pad(text, padding(text, length, ' ', at)), pads),
  overload(['string', 'int', 'string'], STRING, ([text, length, by], at) => pad(text, padding(text, length, by, at))),
]

const FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD']

const UMLAUTS: { readonly [umlaut: string]: string } = { ä: 'ae', ö: 'oe', ü: 'ue', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue' }
/** No character becomes longer in the tables of any-ascii. */
const MOST_LETTERS = 42

let loaded: typeof import('./ascii.ts') | null = null
function transliterated(text: string, at: string): string {
  if (PLAIN.test(text)) return text
  // cast: it is what that module exports
  loaded ??= loadOwnModule('expression/library/ascii') as typeof import('./ascii.ts')
  const ascii = loaded.anyAscii(text)
  limitText(ascii.length, at)
  return ascii
}
const PLAIN = /^[ -~]*$/
const lettered = (args: readonly Possible[]) => (args[0]?.length ?? Number.POSITIVE_INFINITY) * MOST_LETTERS
const ascii = {
  fails: (args: readonly Possible[]) => tooLong(lettered(args)),
  results: (args: readonly Possible[]) => anyOf(['string'], { length: lettered(args) }),
} satisfies More

const own = { form: 'method', from: 'Custody' } as const
export const LETTERS: FunctionGroup = {
  title: 'Texts in any script',
  functions: [
    {
      ...own,
      name: 'upper',
      summary: 'The text in upper case, by Unicode’s rules for all languages.',
      overloads: onText(3, text => text.toUpperCase()),
      examples: [['"straße".upper()', 'STRASSE']],
    },
    {
      ...own,
      name: 'lower',
      summary: 'The text in lower case, by Unicode’s rules for all languages.',
      overloads: onText(3, text => text.toLowerCase()),
      examples: [['"ÄRGER".lower()', 'ärger']],
    },
    {
      ...own,
      name: 'trimStart',
      summary: 'The text without blanks and line breaks at its beginning.',
      overloads: onText(1, trimStart),
      examples: [['"  x ".trimStart()', 'x ']],
    },
    {
      ...own,
      name: 'trimEnd',
      summary: 'The text without blanks and line breaks at its end.',
      overloads: onText(1, trimEnd),
      examples: [['"  x ".trimEnd()', '  x']],
    },
    {
      ...own,
      name: 'collapse',
      summary: 'The text with one blank in the place of each run of blanks and line breaks, and none at its ends.',
      overloads: onText(1, text => trim(text).replace(BLANKS, ' ')),
      examples: [['" 12  Main\\n St ".collapse()', '12 Main St']],
    },
    {
      ...own,
      name: 'padStart',
      parameters: ['length', 'by'],
      summary: 'The text with blanks, or another text, before it until it has so many characters.',
      overloads: padded((text, padding) => padding + text),
      examples: [
        ['"7".padStart(3, "0")', '007'],
        ['"7".padStart(3)', '  7'],
      ],
      errors: { EVALUATION_LIMIT: '"7".padStart(99999999)' },
    },
    {
      ...own,
      name: 'padEnd',
      parameters: ['length', 'by'],
      summary: 'The text with blanks, or another text, behind it until it has so many characters.',
      overloads: padded((text, padding) => text + padding),
      examples: [['"7".padEnd(3, ".")', '7..']],
      errors: { EVALUATION_LIMIT: '"7".padEnd(99999999)' },
    },
    {
      ...own,
      name: 'normalize',
      parameters: ['form'],
      summary: 'The text in a normal form of Unicode: NFC, or the one that is named: NFC, NFD, NFKC or NFKD.',
      overloads: [
        ...onText(18, text => text.normalize()),
        overload(
          ['string', 'string'],
          STRING,
          ([text, form], at) =>
            FORMS.includes(form)
              ? text.normalize(form)
              : fault('ARGUMENT_INVALID', `${at}: a normal form is ${FORMS.join(', ')}`),
          {
            fails: ([, form], [, name]) =>
              typeof form?.constant === 'string' && FORMS.includes(form.constant)
                ? null
                : `${name} isn’t a normal form`,
            results: grown(18),
          },
        ),
      ],
      examples: [
        ['"e\\u0301".normalize().size()', 1],
        ['"ﬁ".normalize("NFKC")', 'fi'],
      ],
      errors: { ARGUMENT_INVALID: '"a".normalize("NF" + "X")' },
      constants: ([, form]) =>
        typeof form !== 'string' || FORMS.includes(form)
          ? null
          : {
              argument: 1,
              code: 'CUSTODY_CEL_TYPE',
              problem: `${quote(form)} isn’t a normal form; they are ${FORMS.join(', ')}`,
            },
    },
    {
      ...own,
      name: 'transliterate',
      parameters: ['language'],
      summary: 'The text in ASCII, letter by letter, whatever its script; with "de", the umlauts become ae, oe and ue.',
      overloads: [
        overload(['string'], STRING, ([text], at) => transliterated(text, at), ascii),
        overload(
          ['string', 'string'],
          STRING,
          ([text, language], at) =>
            language === 'de'
              ? transliterated(
                  text.replace(/[äöüÄÖÜ]/g, umlaut => UMLAUTS[umlaut] ?? umlaut),
                  at,
                )
              : fault('ARGUMENT_INVALID', `${at}: the one language with rules of its own is de`),
          { results: ascii.results },
        ),
      ],
      examples: [
        ['"Москва, Málaga".transliterate()', 'Moskva, Malaga'],
        ['"Größe".transliterate("de")', 'Groesse'],
      ],
      errors: {
        ARGUMENT_INVALID: '"a".transliterate("xx")',
        EVALUATION_LIMIT: '"".padEnd(300000, "🫰").transliterate()',
      },
    },
  ],
}
