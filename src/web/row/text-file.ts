/** The address of a text as a file, for as long as it is shown: what is downloaded is what the page has, byte for byte. */
import { useEffect, useState } from 'react'

export function useTextFile(text: string | null, type: string): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (text === null) return
    const made = URL.createObjectURL(new Blob([text], { type }))
    setUrl(made)
    return () => {
      URL.revokeObjectURL(made)
      setUrl(null)
    }
  }, [text, type])
  return url
}
