/**
 * Tells the outside how a run goes (I11): whoever listens can't touch its fate. One that fails gets nothing more, and what
 * it threw is shown once, as a warning of the process.
 */

/** `tell`, made harmless. `what` names it in the warning. */
export function teller<T>(what: string, tell: ((news: T) => unknown) | undefined): (news: T) => void {
  let listener = tell
  const giveUp = (thrown: unknown) => {
    if (listener === undefined) return
    listener = undefined
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    process.emitWarning(`${what} is not shown any more, because it failed: ${said}`, 'CustodyWarning')
  }
  return news => {
    try {
      const answer = listener?.(news)
      if (answer instanceof Promise) answer.catch(giveUp)
    } catch (thrown) {
      giveUp(thrown)
    }
  }
}
