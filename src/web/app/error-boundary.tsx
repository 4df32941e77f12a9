/** A screen that fails shows what is wrong, and the rest of the page stays. */
import { useRouter } from '@tanstack/react-router'
import { ErrorNotice } from '../parts/states.tsx'

export function ScreenFailed({ error }: { readonly error: unknown }) {
  const router = useRouter()
  return <ErrorNotice error={error} onRetry={() => void router.invalidate()} />
}
