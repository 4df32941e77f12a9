/** In the place of every screen while nobody is signed in: why, and what to do. */
import type { Failure } from '../../api/common.ts'
import { Brand } from '../parts/brand.tsx'
import { Command } from '../parts/command.tsx'
import { Notice } from '../parts/states.tsx'

interface Props {
  /** Why the code of the URL wasn't taken; null where there was none. */
  readonly failure: Failure['error'] | null
  readonly oidc: boolean
  /** Whether there was a session before. */
  readonly over?: boolean
}

export function SignInScreen({ failure, oidc, over = false }: Props) {
  return (
    <main className="sign-in">
      <h1 className="brand">
        <Brand />
        <span>Custody</span>
      </h1>
      {failure !== null && (
        <Notice tone="bad" title={failure.message}>
          {failure.hint !== undefined && <p>{failure.hint}</p>}
        </Notice>
      )}
      {over && <Notice tone="open" title="Your session is over." />}
      {oidc ? (
        <>
          <p>Sign in to see the runs of this ledger, and the story of each of their rows.</p>
          <p>
            <a
              className="button first"
              href={`/sign-in?to=${encodeURIComponent(`${location.pathname}${location.search}`)}`}
            >
              Sign in
            </a>
          </p>
        </>
      ) : (
        <>
          <p>
            This page opens with the URL that <code>custody serve</code> prints when it starts. It holds a code that is
            good once, so a link or a bookmark without it leads here.
          </p>
          <p>
            Look in the terminal where it runs and open that URL again; if its code was used already, stop it with
            Ctrl-C and start it again:
          </p>
          <Command words={['serve']} />
        </>
      )}
    </main>
  )
}
