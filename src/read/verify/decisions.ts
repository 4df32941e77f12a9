/**
 * `verify --decisions`: gates that decide by expressions, evaluated once more on what entered them: the way that was taken, or
 * the error, must be what follows from it. So must the batch that a row was put in, where batches have keys, and the split that it was dealt to, what joins
 * have matched, the order in which a sort passed rows on, and how many rows name each file of a sink. What can't be checked is counted: values that are erased, gates whose expressions are, and gates that ask when a run started that another ledger has.
 */
import { compileExpression, type Expression } from '../../expression/expression.ts'
import { isError, type SubjectEntry, type VisitFact } from '../../format/entry.ts'
import type { ExpressionText } from '../../format/run-values.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import { isRow, type Row } from '../../model/row.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../../model/schema.ts'
import { planOf } from '../runs/opening-values.ts'
import { startedOf } from '../runs/started.ts'
import { BatchKeys } from './batch-keys.ts'
import { Check, type CheckResult, noting, type Place, tokenName } from './check.ts'
import { DealKeys } from './deal-keys.ts'
import { JoinKeys } from './join-keys.ts'
import { type LogRole, WHOLE_RUN } from './log-role.ts'
import { RowFiles } from './row-files.ts'
import { SortOrder } from './sort-order.ts'
import type { SubjectState } from './subject.ts'
import type { Ways } from './ways.ts'

/** What a gate gives: a way out, or the code of an error. */
type Decided = { readonly label: string } | { readonly code: string }

interface Gate {
  readonly expressions: ReadonlyArray<{ readonly label: string; readonly expression: Expression }>
  /** By cases; else its one expression gives the label. */
  readonly by_cases: boolean
  readonly labels: ReadonlySet<string>
  /** When the run started; 0 where no expression asks. */
  readonly started_us: number
}

/** The error of a gate whose value is none of its labels. */
const GATE_VALUE = 'GATE_VALUE'

type Expressions = { readonly [node: string]: readonly ExpressionText[] }

export class Decisions {
  readonly check = new DecisionsCheck()
  readonly #keys = new BatchKeys(this.check)
  readonly #order = new SortOrder(this.check)
  readonly #join_keys = new JoinKeys(this.check)
  readonly #expressions: Expressions | null
  readonly #gates = new Map<number, Gate | null>()
  readonly #started_us: number | null
  readonly #deal_keys: DealKeys
  readonly #role: LogRole
  #files: RowFiles | null = null

  private constructor(expressions: Expressions | null, started_us: number | null, role: LogRole) {
    this.#expressions = expressions
    this.#started_us = started_us
    this.#role = role
    this.#deal_keys = new DealKeys(this.check, role)
  }

  /**
   * What its expressions are, and when the run started, can't be read from an opening that was changed: then no gate is evaluated.
   * `log`: the run's, or its coordinator's; `before`: of the split that was looked at before, since files have rows of all.
   */
  static async of(
    reader: LedgerReader,
    log: number,
    role: LogRole = WHOLE_RUN,
    before: Decisions | null = null,
  ): Promise<Decisions> {
    const decisions = await Decisions.#ofGates(reader, log, role)
    if (before !== null) {
      decisions.#files = before.#files
      return decisions
    }
    // Which files rows name is seen from the same plan.
    if (decisions.#expressions === null) return decisions
    await noting(decisions.check, async () => {
      decisions.#files = await RowFiles.of(reader, log)
    })
    return decisions
  }

  static async #ofGates(reader: LedgerReader, log: number, role: LogRole): Promise<Decisions> {
    try {
      return new Decisions((await planOf(reader, log)).expressions, await startedOf(reader, log), role)
    } catch (error) {
      if (!isCustodyError(error)) throw error
      const decisions = new Decisions(null, null, role)
      decisions.check.add(`no gate can be evaluated: ${error.message}`)
      return decisions
    }
  }

  /** All entries of a commit are in. */
  settle(): void {
    this.#keys.settle()
    this.#join_keys.settle()
  }

  /** All entries are in. */
  finish(): void {
    // Splits come before their coordinator.
    if (this.#role.part === 0) this.#files?.finish(this.check)
  }

  /** Looks at the visits of gates, at what batches hold, and at what sorts pass on, in an entry of a subject whose values are known. */
  take(entry: SubjectEntry, { values, tokens }: SubjectState, where: Place, ways: Ways): void {
    this.#keys.take(entry, values, where, ways)
    this.#order.take(entry, values, tokens, where, ways)
    this.#join_keys.take(entry, values, where, ways)
    this.#deal_keys.take(entry, values, where)
    this.#files?.take(entry, values, ways)
    for (const visit of entry.visits) {
      if (ways.kind(visit.node) !== 'gate' || ways.plugin(visit.node) !== undefined) continue
      const row = values.get(visit.in)
      const gate = this.#gate(visit.node, ways)
      const who = `${where}: ${tokenName(visit.token)}`
      if (gate === null || values.isMissing(visit.in)) this.check.leaveOut()
      else if (!isRow(row)) this.check.compare(`came to ${ways.name(visit.node)} as what is no row`, who)
      else this.check.compare(problemOf(gate, row, visit, ways), who)
    }
  }

  #gate(node: number, ways: Ways): Gate | null {
    let gate = this.#gates.get(node)
    if (gate === undefined) {
      gate = this.#compiled(node, ways)
      this.#gates.set(node, gate)
    }
    return gate
  }

  /** null if it can't be evaluated: that is reported once if something is wrong with it. */
  #compiled(node: number, ways: Ways): Gate | null {
    const texts = this.#expressions?.[ways.name(node)]
    if (!Array.isArray(texts) || texts.length === 0) return null
    const labels = new Set(ways.labels(node))
    const expressions: Array<{ label: string; expression: Expression }> = []
    for (const text of texts as readonly ExpressionText[]) {
      const compiled = isText(text)
        ? compileExpression(text.source, { over: 'row', schema: schemaOf(text.sees), in_run: true })
        : null
      if (compiled === null || !compiled.ok) {
        this.check.add(`${ways.name(node)} has an expression that can’t be evaluated`)
        return null
      }
      expressions.push({ label: text.for, expression: compiled.expression })
    }
    // A replay of a run that isn't in this ledger: when that started isn't known.
    if (this.#started_us === null && expressions.some(({ expression }) => expression.reads_run)) return null
    const [first] = expressions
    const by_cases = expressions.length > 1 || first?.label !== 'gate' || labels.has('gate')
    return { expressions, by_cases, labels, started_us: this.#started_us ?? 0 }
  }
}

function isText(text: unknown): text is ExpressionText {
  const { for: what, source } = text as Partial<ExpressionText>
  return typeof what === 'string' && typeof source === 'string'
}

/** What was known of the row where the expression was compiled: it decides what arithmetic is that of integers. */
function schemaOf(sees: ExpressionText['sees']): RowSchema {
  if (sees === undefined) return OBSERVED
  const fields = new Map<string, FieldSchema>(Object.entries(sees.fields))
  return { ...OBSERVED, fields, ...(sees.rest === undefined ? {} : { rest: sees.rest }) }
}

function problemOf(gate: Gate, row: Row, visit: VisitFact, ways: Ways): string | null {
  const should = decide(gate, row)
  const name = ways.name(visit.node)
  if (isError(visit.status)) {
    const code = visit.error?.code ?? ''
    if ('code' in should && should.code === code) return null
    return `met the error ${code} at ${name}, whose expression gives ${decidedText(should)}`
  }
  const label = ways.label(visit.edge)
  if ('label' in should && should.label === label) return null
  return `left ${name} by ${JSON.stringify(label)}, and its expression gives ${decidedText(should)}`
}

function decidedText(decided: Decided): string {
  return 'label' in decided ? JSON.stringify(decided.label) : `the error ${decided.code}`
}

function decide({ expressions, by_cases, labels, started_us }: Gate, row: Row): Decided {
  if (!by_cases) return labelOf(expressions[0]?.expression.evaluate(row, started_us), labels)
  for (const { label, expression } of expressions) {
    const result = expression.evaluate(row, started_us)
    if (!result.ok) return { code: result.code }
    if (result.value === true) return { label }
    if (result.value !== false) return { code: GATE_VALUE }
  }
  const cases = new Set(expressions.map(each => each.label))
  const otherwise = [...labels].find(each => !cases.has(each))
  return otherwise === undefined ? { code: GATE_VALUE } : { label: otherwise }
}

function labelOf(result: ReturnType<Expression['evaluate']> | undefined, labels: ReadonlySet<string>): Decided {
  if (result === undefined) return { code: GATE_VALUE }
  if (!result.ok) return { code: result.code }
  const { value } = result
  const wants_boolean = labels.has('true') && labels.has('false')
  if (typeof value !== (wants_boolean ? 'boolean' : 'string')) return { code: GATE_VALUE }
  const label = String(value)
  return { label: labels.has(label) ? label : 'else' }
}

class DecisionsCheck extends Check {
  readonly #not_checked: string[] = []
  #compared = 0
  #left_out = 0

  constructor() {
    super('decisions')
  }

  compare(problem: string | null, who: string): void {
    this.#compared++
    if (problem !== null) this.add(`${who} ${problem}`)
  }

  leaveOut(): void {
    this.#left_out++
  }

  /** What can't be compared, and why. */
  say(not_checked: string): void {
    this.#not_checked.push(not_checked)
  }

  override anew(): Check {
    return new DecisionsCheck()
  }

  override take(other: Check, what?: string): void {
    super.take(other, what)
    if (!(other instanceof DecisionsCheck)) return
    this.#compared += other.#compared
    this.#left_out += other.#left_out
  }

  override result(): CheckResult {
    const what = counted(this.#left_out, 'decision isn’t', 'decisions aren’t')
    const why = 'the values or the expressions are erased, or another ledger has when the run started'
    const erased = this.#left_out === 0 ? [] : [`${what} checked: ${why}`]
    return { ...super.result(), compared: this.#compared, not_checked: [...erased, ...this.#not_checked] }
  }
}
