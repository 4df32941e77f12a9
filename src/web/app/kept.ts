/** Small settings that this browser keeps. A browser that keeps nothing is no error: then they hold until the page is left. */

const meanwhile = new Map<string, string>()

export function keptHere(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return meanwhile.get(key) ?? null
  }
}

/** `null` forgets it. */
export function keepHere(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    if (value === null) meanwhile.delete(key)
    else meanwhile.set(key, value)
  }
}
