/** Lines of a step, as its story has them and both sides of a comparison. */
import { askedAndSeen, type Step } from '../../read/words/steps.ts'
import './step-lines.css'

/** What a gate asked, the values that it saw, and the way that followed. */
export function GateLine({ of }: { readonly of: Extract<Step['head'], { kind: 'gate' }> }) {
  return (
    <p className="gate">
      <code>{of.expression}</code>
      {of.values !== '' && <code className="seen">{of.values}</code>}
      <span className="way">{of.way}</span>
    </p>
  )
}

/** One more line of it, what was seen apart from what was asked. */
export function StepLine({ of }: { readonly of: string }) {
  const [asked, seen] = askedAndSeen(of)
  return (
    <p className="line">
      <code>{asked}</code>
      {seen !== null && <code className="seen">{seen}</code>}
    </p>
  )
}
