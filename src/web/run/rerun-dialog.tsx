/** Runs the failed rows again, as a run of its own; before that it says what this asks of services, and what it may cost. */
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Begun } from '../../api/operate.ts'
import type { ShownRun } from '../../api/runs.ts'
import { dollars } from '../../read/words/text.ts'
import { send } from '../app/client.ts'
import { Command, commandRun } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { ErrorNotice, Notice } from '../parts/states.tsx'
import { counted } from '../parts/units.ts'

export function RerunDialog({ shown, onClose }: { readonly shown: ShownRun; readonly onClose: () => void }) {
  const { run, failed_rows } = shown
  const [fresh, setFresh] = useState(false)
  const navigate = useNavigate()
  const rerun = useMutation({
    mutationFn: () => send<Begun>(`/runs/${run}/rerun`, fresh ? { fresh } : {}),
    onSuccess: begun => {
      onClose()
      void navigate({ to: '/runs/$run', params: { run: begun.run } })
    },
  })
  return (
    <Dialog title={`Run ${counted(failed_rows, 'failed row')} again?`} onClose={onClose}>
      <p>
        A new run takes the rows that failed, as they were read, through the same pipeline. Nothing is replaced: files
        are written beside those of this run, as <code>NAME.rerun-1</code>. What is sent is sent again.
      </p>
      <Cost shown={shown} fresh={fresh} />
      {shown.calls !== undefined && (
        <label className="small">
          <input type="checkbox" checked={fresh} onChange={() => setFresh(!fresh)} /> Ask services again, also what they
          answered before
        </label>
      )}
      <Command words={['rerun', commandRun(run), '--failed', ...(fresh ? ['--fresh'] : [])]} />
      {rerun.error !== null && <ErrorNotice error={rerun.error} />}
      <div className="actions sheet-end">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button first" disabled={rerun.isPending} onClick={() => rerun.mutate()}>
          {rerun.isPending ? 'Starting …' : 'Run them again'}
        </button>
      </div>
    </Dialog>
  )
}

/** What a row cost on average is the best that is known. */
function Cost({ shown, fresh }: { readonly shown: ShownRun; readonly fresh: boolean }) {
  const { calls } = shown
  if (calls === undefined) return <Notice title="It asks no service, and costs nothing." />
  const rows = Math.max(1, shown.rows.ingested)
  const share = shown.failed_rows / rows
  const about = `about ${counted(Math.ceil(calls.made * share), 'call')}, ${dollars(calls.cost_usd * share)} if they cost what they did`
  return fresh ? (
    <Notice tone="open" title={`Every request is made again: ${about}.`} />
  ) : (
    <Notice tone="accent" title={`Answers on record are used again; what has none is asked: at most ${about}.`} />
  )
}
