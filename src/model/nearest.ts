/** Names that a person may have meant. */
import { distance } from 'fastest-levenshtein'

/** Those of `names` that are close to `name`, the closest first, at most `limit`; case and separators count little. */
export function nearestNames(name: string, names: Iterable<string>, limit = 3): string[] {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  const wanted = plain(name)
  const tolerance = Math.ceil(wanted.length / 3)
  return [...names]
    .map(each => ({ each, far: typingDistance(wanted, plain(each)) }))
    .filter(({ far }) => far <= tolerance)
    .sort((a, b) => a.far - b.far)
    .slice(0, limit)
    .map(({ each }) => each)
}

/** Edits of one character; two that changed places are one. */
function typingDistance(typed: string, meant: string): number {
  if (typed.length === meant.length)
    for (let i = 0; i + 1 < typed.length; i++) {
      const swapped = `${typed.slice(0, i)}${typed[i + 1]}${typed[i]}${typed.slice(i + 2)}`
      if (swapped === meant && typed !== meant) return 1
    }
  return distance(typed, meant)
}
