/** The explorer, once it is known who asks: the screens, until the session is over. */
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import { queryClient } from './queries.ts'
import { router } from './router.tsx'
import type { SignedIn } from './session.ts'
import { SessionContext } from './session-context.tsx'
import { SignInScreen } from './sign-in-screen.tsx'

export function Explorer({ signedIn }: { readonly signedIn: SignedIn }) {
  const [over, setOver] = useState(false)
  const [client] = useState(() => queryClient(() => setOver(true)))
  if (signedIn.kind === 'none') return <SignInScreen failure={signedIn.failure} oidc={signedIn.oidc} />
  if (over) return <SignInScreen failure={null} oidc={signedIn.session.sign_in === 'oidc'} over />
  return (
    <SessionContext value={signedIn.session}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </SessionContext>
  )
}
