/** The title of the page, for tabs, history and whoever hears the page. */
import { useEffect } from 'react'
import { printable } from '../../read/words/text.ts'

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${printable(title)} · Custody`
  }, [title])
}
