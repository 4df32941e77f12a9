/** The command that answers what the screen shows. */
import { Fragment } from 'react'
import { CopyButton } from './copy.tsx'

/** As much of a run's id as tells it from all others that began in the same millisecond. */
export const commandRun = (run: string): string => run.slice(0, 18)

/** Words behind `custody`; each is quoted for a shell where it must be. */
function commandText(words: ReadonlyArray<string | number>): string {
  return ['custody', ...words.map(word => quoted(String(word)))].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A word of up to so many characters isn't broken, though it has dashes. */
const WHOLE_TO = 24

export function Command({ words }: { readonly words: ReadonlyArray<string | number> }) {
  const text = commandText(words)
  return (
    <div className="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than its place is scrolled by keys, too */}
      <code tabIndex={0}>
        {text.split(' ').map((word, i) => (
          <Fragment key={i}>
            {i > 0 && ' '}
            <span className={word.length <= WHOLE_TO ? 'command-word' : undefined}>{word}</span>
          </Fragment>
        ))}
      </code>
      <CopyButton text={text} what="command" />
    </div>
  )
}

/** At the foot of a screen. */
export function Commands({ of }: { readonly of: ReadonlyArray<ReadonlyArray<string | number>> }) {
  return (
    <section className="commands" aria-label="The same at the command line">
      <h2 className="small quiet">The same at the command line</h2>
      {of.map(words => (
        <Command key={words.join(' ')} words={words} />
      ))}
    </section>
  )
}
