/** The frame of every screen: skip link, bar, keys, and the place where the screen stands. */
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Brand } from '../parts/brand.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { listenForKeys, useKeys } from './keys.ts'
import { KeysDialog } from './keys-dialog.tsx'
import { useSession } from './session-context.tsx'
import { chooseTheme, chosenTheme, THEMES, type Theme } from './theme.ts'

export function Layout() {
  const [keysShown, setKeysShown] = useState(false)
  const navigate = useNavigate()
  useEffect(listenForKeys, [])
  useKeys([
    { keys: '/', what: 'To the search or filter of the screen', do: focusSearch },
    { keys: 'g r', what: 'Runs', do: () => void navigate({ to: '/' }) },
    { keys: 'g c', what: 'Compare', do: () => void navigate({ to: '/compare' }) },
    { keys: 'g e', what: 'Evidence', do: () => void navigate({ to: '/evidence' }) },
    { keys: '?', what: 'All keys', do: () => setKeysShown(true) },
  ])
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <Bar onKeys={() => setKeysShown(true)} />
      <Screen />
      {keysShown && <KeysDialog onClose={() => setKeysShown(false)} />}
    </>
  )
}

/** Who comes to another screen by keyboard or hears the page begins at its content. */
function Screen() {
  const ref = useRef<HTMLElement>(null)
  const path = useRouterState({ select: state => state.resolvedLocation?.pathname })
  const first = useRef(true)
  useEffect(() => {
    if (path === undefined) return
    if (!first.current) ref.current?.focus({ preventScroll: true })
    first.current = false
  }, [path])
  return (
    <main id="main" className="screen" ref={ref} tabIndex={-1}>
      <Outlet />
    </main>
  )
}

function focusSearch(): void {
  const found = document.querySelector<HTMLElement>('[data-search]')
  found?.focus()
  if (found instanceof HTMLInputElement) found.select()
}

function Bar({ onKeys }: { readonly onKeys: () => void }) {
  const { ledger, role, user } = useSession()
  return (
    <header className="bar">
      <Link to="/" className="brand" aria-label="Custody: runs">
        <Brand />
        <span>Custody</span>
      </Link>
      <nav className="places" aria-label="Main">
        <Link to="/" activeOptions={{ exact: true }}>
          Runs
        </Link>
        <Link to="/compare">Compare</Link>
        <Link to="/evidence">Evidence</Link>
      </nav>
      <div className="bar-end">
        <span className="ledger" title={ledger}>
          <bdi>
            <Text of={ledger} />
          </bdi>
        </span>
        <span className="role" title={`signed in as ${user}`}>
          <Text of={user === 'local' ? role : `${user} · ${role}`} />
        </span>
        <ThemeButton />
        <button type="button" className="icon-button" aria-label="keys" title="Keys (?)" onClick={onKeys}>
          <Icon name="keyboard" />
        </button>
      </div>
    </header>
  )
}

const THEME_ICONS: { readonly [theme in Theme]: IconName } = { system: 'screen', light: 'sun', dark: 'moon' }
const THEME_WORDS: { readonly [theme in Theme]: string } = { system: 'as the system', light: 'light', dark: 'dark' }

function ThemeButton() {
  const [theme, setTheme] = useState(chosenTheme)
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  const label = `Colours: ${THEME_WORDS[theme]}. Change to ${THEME_WORDS[next]}`
  const change = () => {
    chooseTheme(next)
    setTheme(next)
  }
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={change}>
      <Icon name={THEME_ICONS[theme]} />
    </button>
  )
}
