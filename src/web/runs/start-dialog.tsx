/** Starts a pipeline of the server's folder. Its process writes the run, whatever becomes of this page. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { z } from 'zod'
import type { Begun, Pipelines } from '../../api/operate.ts'
import { get, send } from '../app/client.ts'
import { Command } from '../parts/command.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, ErrorNotice, Notice, Skeleton } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'

export function StartDialog({ onClose }: { readonly onClose: () => void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['pipelines'],
    queryFn: ({ signal }) => get<z.infer<typeof Pipelines>>('/pipelines', {}, signal),
  })
  return (
    <Dialog title="Start a run" onClose={onClose}>
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={4} height={2} />}
      {data?.pipelines.length === 0 && (
        <Empty title="There is no pipeline in the server’s folder">
          <p>
            It looks for pipeline files below <code>{data.folder}</code>.
          </p>
        </Empty>
      )}
      {data !== undefined && data.pipelines.length > 0 && <StartForm pipelines={data} onClose={onClose} />}
    </Dialog>
  )
}

function StartForm({
  pipelines,
  onClose,
}: {
  readonly pipelines: z.infer<typeof Pipelines>
  readonly onClose: () => void
}) {
  const fit = pipelines.pipelines.find(each => each.problems.length === 0)
  const [path, setPath] = useState(fit?.path ?? pipelines.pipelines[0]?.path ?? '')
  const [limit, setLimit] = useState('')
  const navigate = useNavigate()
  const records = Number(limit)
  const start = useMutation({
    mutationFn: () => send<Begun>('/runs', { pipeline: path, ...(records > 0 ? { limit: records } : {}) }),
    onSuccess: ({ run }) => {
      onClose()
      void navigate({ to: '/runs/$run', params: { run } })
    },
  })
  const chosen = pipelines.pipelines.find(each => each.path === path)
  const problems = chosen?.problems ?? []
  const submit = () => {
    if (problems.length === 0) start.mutate()
  }
  return (
    <form
      className="sheet-form"
      onSubmit={event => {
        event.preventDefault()
        submit()
      }}
    >
      <PipelineChoice pipelines={pipelines} path={path} onChange={setPath} />
      <label className="field">
        <span>Records at most</span>
        <input
          className="input"
          inputMode="numeric"
          pattern="[1-9][0-9]*"
          placeholder="all"
          value={limit}
          onChange={event => setLimit(event.target.value)}
        />
      </label>
      {problems.length > 0 && <Problems of={problems} />}
      {start.error !== null && <ErrorNotice error={start.error} />}
      <p className="small quiet">
        The run has a process of its own: it goes on when this page is closed, and when the server is.
      </p>
      <Command words={['run', path, ...(records > 0 ? ['--limit', records] : [])]} />
      <div className="actions sheet-end">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button first" disabled={start.isPending || problems.length > 0}>
          {start.isPending ? 'Starting …' : 'Start'}
        </button>
      </div>
    </form>
  )
}

interface ChoiceProps {
  readonly pipelines: z.infer<typeof Pipelines>
  readonly path: string
  readonly onChange: (path: string) => void
}

function PipelineChoice({ pipelines, path, onChange }: ChoiceProps) {
  return (
    <label className="field">
      <span>Pipeline</span>
      <select className="input" value={path} onChange={event => onChange(event.target.value)}>
        {pipelines.pipelines.map(each => (
          <option key={each.path} value={each.path}>
            {each.name === null ? each.path : `${each.name} (${each.path})`}
          </option>
        ))}
      </select>
    </label>
  )
}

function Problems({ of }: { readonly of: readonly string[] }) {
  return (
    <Notice tone="bad" title="It can’t be started as it is">
      <ul>
        {of.map(problem => (
          <li key={problem}>
            <Text of={problem} />
          </li>
        ))}
      </ul>
    </Notice>
  )
}
