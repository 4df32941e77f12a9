/** A run that repeats another asked for what that one has no record of: no defect of anybody, and the end of the token. */
export class ReplayMiss extends Error {
  override readonly name = 'ReplayMiss'

  constructor(service: string) {
    super(`the run that is replayed has no answer of ${service} to this request`)
  }
}
