/** Work without which all goes on as well: whether it was done is all that is asked. */
export function succeeds(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
