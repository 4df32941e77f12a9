/** Begins the explorer: who is asking, then the screen of the URL. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { UNREACHABLE } from './app/client.ts'
import { Explorer } from './app/explorer.tsx'
import { type SignedIn, signIn } from './app/session.ts'
import { applyTheme, chosenTheme } from './app/theme.ts'
import './style.css'

applyTheme(chosenTheme())
const place = document.getElementById('explorer')
if (place === null) throw new Error('index.html has no place for the explorer')

/** A server that can't be reached is said in the place of the screens. */
async function signedIn(): Promise<SignedIn> {
  try {
    return await signIn()
  } catch {
    return { kind: 'none', failure: UNREACHABLE, oidc: false }
  }
}

createRoot(place).render(
  <StrictMode>
    <Explorer signedIn={await signedIn()} />
  </StrictMode>,
)
