/** A change tried on the recorded answers of a run: nothing is bought, and no output is touched. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState } from 'react'
import type { Begun } from '../../api/operate.ts'
import type { Tunable } from '../../api/runs.ts'
import { printable } from '../../read/words/text.ts'
import { send } from '../app/client.ts'
import { isUnsound, planQuery, runQuery, soundOf } from '../app/queries.ts'
import { useSession } from '../app/session-context.tsx'
import { Command, commandRun } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton } from '../parts/states.tsx'
import { counted } from '../parts/units.ts'
import { TunableField } from './tunable-field.tsx'

interface Props {
  readonly run: string
  /** With the run that shows what would have been. */
  readonly onDone: (run: string) => void
}

export function WhatIf({ run, onDone }: Props) {
  const { role, operates } = useSession()
  return (
    <Panel title="What if?" className="what-if">
      <p>
        Change a threshold, an expression or an option, and see which rows would have gone another way. The run is
        replayed on the answers that are on record: no service is asked, nothing is bought, and no output is written or
        touched. A request that was never made has no answer, so its row fails in the replay as <code>REPLAY_MISS</code>
        .
      </p>
      {operates ? (
        <Trying run={run} onDone={onDone} />
      ) : (
        <p className="quiet">
          {role === 'operator'
            ? 'Nothing can be run from here: the server was started without --pipelines.'
            : `Only operators may run anything, and a replay is a run of its own in the ledger. Your role is ${role}.`}{' '}
          At the command line:{' '}
          <code>custody replay --from {commandRun(run)} --no-outputs --set nodes.NODE.gate=EXPRESSION</code>
        </p>
      )}
    </Panel>
  )
}

interface Replay {
  readonly is_running: boolean
  readonly error: unknown
  readonly start: (changes: ReadonlyMap<string, string>) => Promise<void>
}

type Replaying =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'begun'; readonly run: string }
  | { readonly kind: 'refused'; readonly error: unknown }

const IDLE: Replaying = { kind: 'idle' }

/** Begins a replay, and waits until it is over. */
function useReplay({ run, onDone }: Props): Replay {
  const [state, setState] = useState<Replaying>(IDLE)
  const client = useQueryClient()
  useFinished(state.kind === 'begun' ? state.run : null, begun => {
    setState(IDLE)
    void client.invalidateQueries({ queryKey: ['runs'] })
    onDone(begun)
  })
  const start = async (changes: ReadonlyMap<string, string>) => {
    setState({ kind: 'sending' })
    try {
      const { run: begun } = await send<Begun>('/what-if', { run, set: Object.fromEntries(changes) })
      setState({ kind: 'begun', run: begun })
    } catch (error) {
      setState({ kind: 'refused', error })
    }
  }
  return {
    is_running: state.kind === 'sending' || state.kind === 'begun',
    error: state.kind === 'refused' ? state.error : null,
    start,
  }
}

function Trying({ run, onDone }: Props) {
  const tunables = useTunables(run)
  const [changes, setChanges] = useState<ReadonlyMap<string, string>>(new Map())
  const { is_running, error, start } = useReplay({ run, onDone })
  if (tunables.kind === 'waiting') return <Skeleton lines={4} height={2} />
  if (tunables.kind === 'none') return <p className="quiet">{tunables.why}</p>
  const change = ({ path, value }: Tunable, to: string) => {
    const next = new Map(changes)
    if (to === value) next.delete(path)
    else next.set(path, to)
    setChanges(next)
  }
  return (
    <>
      <Fields all={tunables.all} changes={changes} change={change} />
      <div className="actions">
        <button
          type="button"
          className="button first"
          disabled={changes.size === 0 || is_running}
          onClick={() => void start(changes)}
        >
          <Icon name="play" size={14} />
          {is_running ? 'Replaying …' : 'Replay, and compare'}
        </button>
        {changes.size > 0 && (
          <>
            <span className="quiet small">{counted(changes.size, 'change')}</span>
            <button type="button" className="link-button" onClick={() => setChanges(new Map())}>
              Undo all
            </button>
          </>
        )}
      </div>
      {error !== null && <ErrorNotice error={error} />}
      <span className="spoken" role="status">
        {is_running ? 'Replaying' : ''}
      </span>
      {changes.size > 0 && (
        <Command
          words={[
            'replay',
            '--from',
            commandRun(run),
            '--no-outputs',
            ...[...changes].flatMap(([path, value]) => ['--set', `${path}=${value}`]),
          ]}
        />
      )}
    </>
  )
}

interface FieldsProps {
  readonly all: readonly Tunable[]
  readonly changes: ReadonlyMap<string, string>
  readonly change: (of: Tunable, to: string) => void
}

/** Expressions are what is mostly tried; options stand folded under them, by node. */
function Fields({ all, changes, change }: FieldsProps) {
  const expressions = all.filter(each => each.kind === 'expression')
  const options = Map.groupBy(
    all.filter(each => each.kind !== 'expression'),
    each => each.node,
  )
  const field = (each: Tunable) => (
    <TunableField
      key={each.path}
      of={each}
      value={changes.get(each.path) ?? each.value}
      onValue={to => change(each, to)}
    />
  )
  return (
    <div className="tunables">
      {expressions.map(field)}
      {[...options].map(([node, own]) => (
        <details
          key={node}
          className="folded"
          open={own.some(each => changes.has(each.path)) || expressions.length === 0}
        >
          <summary>
            options of {printable(node)} ({own.length})
          </summary>
          <div className="tunables">{own.map(field)}</div>
        </details>
      ))}
    </div>
  )
}

type Tunables =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'known'; readonly all: readonly Tunable[] }

function useTunables(run: string): Tunables {
  const { data: plan } = useQuery(planQuery(run))
  if (plan === undefined) return { kind: 'waiting' }
  const { text = null, tunables = [] } = soundOf(plan) ?? {}
  if (text === null)
    return { kind: 'none', why: 'The plan of this run is erased, or its record doesn’t hold: it can’t be replayed.' }
  return tunables.length === 0
    ? { kind: 'none', why: 'Its nodes have no expressions or options that could be changed.' }
    : { kind: 'known', all: tunables }
}

const ASKED_EACH_MS = 600

/** Waits until a run is over. */
function useFinished(run: string | null, onDone: (run: string) => void): void {
  const { data } = useQuery({
    ...runQuery(run ?? ''),
    enabled: run !== null,
    refetchInterval: query => {
      const answer = query.state.data
      return answer !== undefined && !isUnsound(answer) && answer.status !== 'running' ? false : ASKED_EACH_MS
    },
  })
  const done = useEffectEvent(onDone)
  const over = run !== null && data !== undefined && (isUnsound(data) || data.status !== 'running')
  useEffect(() => {
    if (over && run !== null) done(run)
  }, [over, run])
}
