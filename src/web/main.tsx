/** Begins the explorer: who is asking, then the screen of the URL. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { router } from './app/router.tsx'
import { signIn } from './app/session.ts'

const place = document.getElementById('explorer')
if (place === null) throw new Error('index.html has no place for the explorer')
const root = createRoot(place)
const signedIn = await signIn()
if (signedIn.kind === 'session')
  root.render(
    <StrictMode>
      <QueryClientProvider client={new QueryClient()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
else root.render(<p>{signedIn.failure?.message ?? 'Open the URL that `custody serve` printed.'}</p>)
