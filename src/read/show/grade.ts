/**
 * Whether a run could be repeated, as far as its nodes decide. A grade doesn't say whether its sources would read the same
 * again. Where time decides, a new run may come to something else, and a replay doesn't.
 */
import { codeText, isBuiltin, type PluginCode } from '../../format/plugin-code.ts'
import type { Topology, TopologyNode } from '../../format/topology.ts'
import { isReadable, type LedgerReader } from '../../ledger/read-port.ts'
import { codeOnRecord } from '../code-on-record.ts'
import { decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { readCourse } from '../fold/read-course.ts'
import { readable } from '../runs/damaged.ts'
import { decodePayload } from '../values.ts'

export interface Grade {
  /** `from_record`: on the answers that services gave it, which are all there. */
  readonly repeatable: 'fully' | 'from_record' | 'no'
  readonly reason: string
}

/** Reads the entries of rows only if its nodes ask services. */
export async function gradeOf(reader: LedgerReader, log: number, topology: Topology): Promise<Grade> {
  const free = topology.nodes.filter(each => each.determinism !== undefined)
  const random = free.filter(each => each.determinism === 'random')
  if (random.length > 0) return { repeatable: 'no', reason: `${namesOf(random)} may give something else each time` }
  const silent = free.filter(each => each.services === undefined)
  if (silent.length > 0)
    return { repeatable: 'no', reason: `what ${namesOf(silent)} hears from outside isn’t recorded` }
  const { plugins, changed } = await codeOnRecord(reader, log)
  if (changed.length > 0)
    return { repeatable: 'no', reason: `the code of ${pluginsText(changed)} was changed while it was stopped` }
  const own = plugins.filter(each => !isBuiltin(each))
  const code = own.length === 0 ? '' : `, with the code that ${own.map(codeNamed).join(', ')} had`
  const raced = topology.nodes.filter(({ policy }) => policy === 'first' || policy === 'quorum')
  const but = raced.length === 0 ? '' : `; at ${namesOf(raced)} the order of arrival decides, and a replay follows it`
  if (free.length === 0)
    return { repeatable: 'fully', reason: `every node gives the same for the same rows${code}${but}` }
  if (await hasErasedCalls(reader, log, topology))
    return { repeatable: 'no', reason: 'some recorded answers are erased' }
  return { repeatable: 'from_record', reason: `all that ${namesOf(free)} asked and heard is recorded${code}${but}` }
}

function pluginsText(plugins: readonly PluginCode[]): string {
  return plugins.map(each => `\`${each.name}\``).join(', ')
}

/** `mine` (file 8f3a9c01…) */
function codeNamed(plugin: PluginCode): string {
  return `\`${plugin.name}\` (${codeText(plugin)})`
}

function namesOf(nodes: readonly TopologyNode[]): string {
  return nodes.map(each => `\`${each.name}\``).join(', ')
}

/** Whether of some row or batch that asked a service values were erased. */
async function hasErasedCalls(reader: LedgerReader, log: number, topology: Topology): Promise<boolean> {
  for await (const payload of reader.payloads(log)) {
    // Only few texts have one at all.
    if (!isReadable(payload) || !payload.body.includes('null')) continue
    const { values } = readable(log, () => decodePayload(payload))
    if (values.every(({ kind }) => kind !== 'erased')) continue
    const stored = await reader.entry(log, payload.seq)
    if (stored === null || !isSubjectBody(stored.row, stored.body)) continue
    const { subject } = readable(log, () => decodeSubjectEntry(stored.seq, stored.body))
    // Of a batch whose values are erased, some were before this entry, or it has the calls itself.
    if ((await readCourse(reader, log, subject, topology)).calls.size > 0) return true
  }
  return false
}
