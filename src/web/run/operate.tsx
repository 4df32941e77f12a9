/** What an operator may do with a run: stop it, resume it, run it again. Each is asked about before it is done. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Stopping } from '../../api/operate.ts'
import type { ShownRun } from '../../api/runs.ts'
import { send } from '../app/client.ts'
import { useSession } from '../app/session-context.tsx'
import { Command, commandRun } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icons.tsx'
import { ErrorNotice } from '../parts/states.tsx'
import { RerunDialog } from './rerun-dialog.tsx'

const RESUMED: ReadonlySet<string> = new Set(['failed', 'cancelled', 'interrupted'])

export function Operate({ shown }: { readonly shown: ShownRun }) {
  const [asked, setAsked] = useState<'stop' | 'resume' | 'rerun' | null>(null)
  if (!useSession().operates) return null
  const close = () => setAsked(null)
  return (
    <>
      {shown.status === 'running' && (
        <button type="button" className="button danger" onClick={() => setAsked('stop')}>
          <Icon name="stop" size={13} />
          Stop
        </button>
      )}
      {RESUMED.has(shown.status) && (
        <button type="button" className="button first" onClick={() => setAsked('resume')}>
          <Icon name="play" size={13} />
          Resume
        </button>
      )}
      {shown.failed_rows > 0 && shown.status !== 'running' && (
        <button type="button" className="button" onClick={() => setAsked('rerun')}>
          <Icon name="again" size={13} />
          Run the failed rows again
        </button>
      )}
      {asked === 'stop' && <StopDialog run={shown.run} onClose={close} />}
      {asked === 'resume' && <ResumeDialog run={shown.run} onClose={close} />}
      {asked === 'rerun' && <RerunDialog shown={shown} onClose={close} />}
    </>
  )
}

interface DialogProps {
  readonly run: string
  readonly onClose: () => void
}

function StopDialog({ run, onClose }: DialogProps) {
  const client = useQueryClient()
  const stop = useMutation({
    mutationFn: () => send<Stopping>(`/runs/${run}/stop`, undefined),
    onSuccess: ({ stopping }) => {
      if (stopping) onClose()
      void client.invalidateQueries({ queryKey: ['run', run] })
    },
  })
  return (
    <Dialog title="Stop this run?" onClose={onClose}>
      <p>
        It finishes the commit in hand and stops. Nothing is lost and nothing is doubled; outputs that it was to replace
        stay as they were. It can be resumed at any time.
      </p>
      {stop.data?.stopping === false && (
        <p role="alert">
          {stop.data.why === 'no_signals'
            ? `Windows can’t interrupt it from here. Press Ctrl-C in its window; or end its process, ${stop.data.pid}, in the Task Manager: it is then resumed as after a crash, and nothing is lost or doubled.`
            : 'It doesn’t run on this machine, or is over already: it can only be stopped where it runs.'}
        </p>
      )}
      {stop.error !== null && <ErrorNotice error={stop.error} />}
      <div className="actions sheet-end">
        <button type="button" className="button" onClick={onClose}>
          Let it run
        </button>
        <button type="button" className="button first" disabled={stop.isPending} onClick={() => stop.mutate()}>
          {stop.isPending ? 'Stopping …' : 'Stop it'}
        </button>
      </div>
    </Dialog>
  )
}

function ResumeDialog({ run, onClose }: DialogProps) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const resume = useMutation({
    mutationFn: () => send(`/runs/${run}/resume`, {}),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['run', run] })
      onClose()
      void navigate({ to: '/runs/$run', params: { run } })
    },
  })
  return (
    <Dialog title="Resume this run?" onClose={onClose}>
      <p>
        It goes on where it stopped, by the plan that is on record. Services are asked for what they haven’t answered
        yet; answers on record aren’t bought again.
      </p>
      <Command words={['resume', commandRun(run)]} />
      {resume.error !== null && <ErrorNotice error={resume.error} />}
      <div className="actions sheet-end">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button first" disabled={resume.isPending} onClick={() => resume.mutate()}>
          {resume.isPending ? 'Resuming …' : 'Resume'}
        </button>
      </div>
    </Dialog>
  )
}
