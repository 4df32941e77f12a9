/** The proof as it was checked, and the letter, as files. */
import { urlOf } from '../app/client.ts'
import { Command, commandRun } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { useTextFile } from './text-file.ts'

interface Props {
  readonly run: string
  readonly row: number
  /** The very text that was checked; null until it has come. */
  readonly text: string | null
}

export function ProofFiles({ run, row, text }: Props) {
  const url = useTextFile(text, 'application/json')
  const short = commandRun(run)
  const file = `row-${row}.json`
  return (
    <div className="proof-files">
      <div className="actions">
        {url !== null && (
          <a className="button" href={url} download={file}>
            <Icon name="download" size={14} />
            Proof
          </a>
        )}
        <a className="button" href={urlOf(`/runs/${run}/rows/${row}/letter`)} download={`row-${row}.html`}>
          <Icon name="download" size={14} />
          Letter
        </a>
      </div>
      <Command words={['prove', short, '--row', row, '--out', file]} />
      <Command words={['check', file, '--key', 'KEYFILE']} />
    </div>
  )
}
