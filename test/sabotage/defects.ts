/** Defects that the simulation must find: each changes one text of one file, which must stand there exactly once. */

export interface Defect {
  readonly name: string
  /** Under src/engine. */
  readonly file: string
  readonly text: string
  readonly instead: string
  /** Where it shows. */
  readonly shape: string
}

export const DEFECTS: readonly Defect[] = [
  {
    name: 'a late arrival’s ending is not recorded',
    file: 'recorder.ts',
    text: 'this.#end(token, failedAtCoalesce(',
    instead: "if (cause !== 'late_arrival') this.#end(token, failedAtCoalesce(",
    shape: 'groups',
  },
  {
    name: 'an ending is recorded twice',
    file: 'recorder.ts',
    text: 'factsOf(subject).endings.push(ending)',
    instead: 'factsOf(subject).endings.push(ending, ending)',
    shape: 'linear',
  },
  {
    name: 'the ledger says that rows are written before they are',
    file: 'committer.ts',
    text: 'await this.#begin(await this.#outputs.flush(), false)',
    instead: `const before = this.#outputs.all.map(each => each.receipt ?? { rows: 0, bytes: 0, sha256: null, state: null })
    await this.#begin(before, false)
    await this.#outputs.flush()`,
    shape: 'linear-later-crashes',
  },
  {
    name: 'a row is sent before the ledger says that it will be',
    file: 'committer.ts',
    text: "const send = this.#outbox.intend(() => this.#atPoint('before_send'))",
    instead: 'this.#outbox.intend(() => undefined)()\n    const send = () => undefined',
    shape: 'sending',
  },
  {
    name: 'a request that is made again takes other rows with it',
    file: 'parcels.ts',
    text: '    if (sending?.together != null) return',
    instead: '    if (sending === null) return',
    shape: 'batches',
  },
  {
    name: 'another process forgets which rows were sent together',
    file: 'restore/subject.ts',
    text: 'together: intent.together ?? alone',
    instead: 'together: null',
    shape: 'groups-batches-crashes',
  },
  {
    name: 'commits don’t tell what has left the line',
    file: 'line.ts',
    text: 'if (!this.#fresh.delete(place)) this.#gone.push(memberOf(place))',
    instead: 'this.#fresh.delete(place)',
    shape: 'groups-later-crashes',
  },
  {
    name: 'a run is sealed while its last commit is under way',
    file: 'committer.ts',
    text: `    await this.#begin(await this.#outputs.finish(), true)
    await this.settled()`,
    instead: '    await this.#begin(await this.#outputs.finish(), true)',
    shape: 'linear-later-crashes',
  },
  {
    name: 'a commit leaves out the last subject that has news',
    file: 'unsettled.ts',
    text: 'for (let i = settled; i < subjects.length; i++) {',
    instead: 'for (let i = settled; i < subjects.length - 1; i++) {',
    shape: 'linear-later-crashes',
  },
  {
    name: 'a group merges again with each further arrival',
    file: 'joins.ts',
    text: 'if (join.verdict !== null) return late(join, arrival)',
    instead: '',
    shape: 'groups',
  },
  {
    name: 'the last child of a fork is lost',
    file: 'recorder.ts',
    text: "this.#end(token, passedOn(token.id, node.number, 'fork', group))\n    return children",
    instead: "this.#end(token, passedOn(token.id, node.number, 'fork', group))\n    return children.slice(0, -1)",
    shape: 'groups',
  },
  {
    name: 'the loss of a branch is not noticed',
    file: 'joins.ts',
    text: 'if (left.length === 0) addLost(join, branch)',
    instead: '',
    shape: 'groups',
  },
  {
    name: 'the line forgets where branches were lost',
    file: 'merges.ts',
    text: 'return this.#line.trace(effect, event, merged)',
    instead: 'return',
    shape: 'nested',
  },
  {
    name: 'a branch is lost where its carrier is that was lost last',
    file: 'joins.ts',
    text: 'yield (left.length === 0 ?',
    instead: 'if (left.length === 0) yield (left.length === 0 ?',
    shape: 'nested',
  },
  {
    name: 'resuming forgets who is held',
    file: 'restore/subject.ts',
    text: 'if (hold === null) continue\n',
    instead: 'continue\n',
    shape: 'groups-crashes',
  },
  {
    name: 'resuming forgets how fields stood',
    file: 'restore/subject.ts',
    text: 'if (entry.orders !== 0) this.#order(entry.orders)\n',
    instead: '',
    shape: 'groups-later-crashes',
  },
  {
    name: 'how a row’s fields stand is taken for that of its value',
    file: 'restore/subject.ts',
    text: 'this.#folded(token).order = order',
    instead:
      'for (const each of this.#tokens.values()) if (each.value === this.#folded(token).value) each.order = order',
    shape: 'groups-later-crashes',
  },
  {
    name: 'how fields of forked rows stood is not told',
    file: 'orders.ts',
    text: 'if (parents === null) continue',
    instead: 'continue',
    shape: 'groups-later-crashes',
  },
  {
    name: 'resuming reads one record again',
    file: 'intake.ts',
    text: '{ records: from.records, position: from.position }',
    instead: '{ records: from.records - 1, position: from.position }',
    shape: 'linear-later-crashes',
  },
  {
    name: 'nobody waits for a turn',
    file: 'line.ts',
    text: 'return first === null || first === token',
    instead: 'return true',
    shape: 'linear-later',
  },
  {
    name: 'a union knows no conflicts',
    file: 'decide/merge.ts',
    text: "if (different.length > 0 && on_conflict === 'fail')",
    instead: 'if (different.length < 0)',
    shape: 'groups',
  },
  {
    name: 'a batch closes one member late',
    file: 'decide/batch.ts',
    text: 'batch.count >= trigger.count',
    instead: 'batch.count > trigger.count',
    shape: 'groups',
  },
  {
    name: 'there is one attempt more than allowed',
    file: 'decide/retry.ts',
    text: 'attempt >= retry.attempts',
    instead: 'attempt > retry.attempts',
    shape: 'linear',
  },
  {
    name: 'a timeout does not outlast a stop',
    file: 'flow.ts',
    text: 'for (const { join, left_us } of joins) this.#merges.startTimeout(join, left_us)\n',
    instead: '',
    shape: 'timed-crashes',
  },
  {
    name: 'an answer is given to whatever is asked',
    file: 'calls/answers.ts',
    text: ' && each.request === request',
    instead: '',
    shape: 'calls',
  },
  {
    name: 'resuming forgets what was answered',
    file: 'restore/subject.ts',
    text: 'const answered = status === CALL_OK || status === CALL_RECORDED',
    instead: 'const answered = status === CALL_RECORDED',
    shape: 'calls-crashes',
  },
  {
    name: 'what calls under way may cost is not set aside',
    file: 'calls/budget.ts',
    text: 'this.#reserved_nusd += most_nusd',
    instead: '',
    shape: 'calls',
  },
  {
    name: 'a call that is throttled uses up an attempt',
    file: 'calls/calls.ts',
    text: 'const again = throttled && pending.throttled < MOST_THROTTLED',
    instead: 'const again = false',
    shape: 'calls',
  },
  {
    name: 'a call is recorded twice',
    file: 'recorder.ts',
    text: 'this.tallies.call(fact)',
    instead: 'this.tallies.call(fact)\n    factsOf(subject).addCall(fact)',
    shape: 'calls',
  },
  {
    name: 'a visit doesn’t wait for its calls',
    file: 'step.ts',
    text: 'return back === null ? step : back.then(() => step)',
    instead: 'return step',
    shape: 'calls',
  },
  {
    name: 'a minute is over with the process',
    file: 'session.ts',
    text: 'calls.goOn(from.down_since_us)\n',
    instead: '',
    shape: 'calls-crashes',
  },
  {
    name: 'a replay takes whoever comes first',
    file: 'turns.ts',
    text: 'const on_record = this.#retracing?.isTurn(token) ?? null',
    instead: 'const on_record = null',
    shape: 'timed',
  },
  {
    name: 'a replay closes batches by its own clock',
    file: 'batches.ts',
    text: 'const record = this.#records?.batchOf(batch.subject) ?? null',
    instead: 'const record = null',
    shape: 'timed',
  },
  {
    name: 'a replay decides groups by its own clock',
    file: 'joins.ts',
    text: 'const recorded = this.#records?.groupOf(join, subject)',
    instead: 'const recorded = null',
    shape: 'timed',
  },
  {
    name: 'the record doesn’t tell who came first',
    file: 'flow.ts',
    text: 'races.has(number) ? clock.next_us() : clock.now_us()',
    instead: 'clock.now_us()',
    shape: 'timed',
  },
  {
    name: 'a replay waits for ever for what doesn’t come',
    file: 'flow.ts',
    text: 'const token = this.#parts.retracing?.giveUp() ?? null',
    instead: 'const token = null',
    shape: 'timed',
  },
  {
    name: 'a replay that goes on has forgotten what it follows',
    file: 'session.ts',
    text: 'await retracing?.restore(from.under_way)',
    instead: '',
    shape: 'timed-crashes',
  },
  {
    name: 'an answer waits for its row to be done',
    file: 'scheduler.ts',
    text: 'const COMMIT_AFTER_US = 50_000',
    instead: 'const COMMIT_AFTER_US = 500_000',
    shape: 'calls-crashes',
  },
]
