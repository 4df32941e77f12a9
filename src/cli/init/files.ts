/** The files of the example that `custody init` writes. */
import { APPLICATIONS } from './data-file.ts'
import { PIPELINE } from './pipeline-file.ts'

const README = `# Loan triage

A small Custody pipeline: 48 loan applications, three gates, six outputs. Two of the records are broken on purpose, two
have notes that the screening stops, and one has no credit score.

    custody validate pipeline.yaml          # checks it, and draws the graph
    custody run pipeline.yaml               # writes out/, and the evidence into ./custody.db
    custody show latest                     # how many rows went where
    custody explain latest --row 17         # why row 17 ended where it did
    custody explain latest --row 9          # a record that could not be used
    custody explain latest --row 31         # an error at a gate
    custody verify latest                   # does the record still hold?

Change a threshold in \`pipeline.yaml\`, run again, and ask again: each run keeps its own story.
`

const GITIGNORE = `out/
custody.db*
`

/** Path within the folder, and text. The pipeline file comes first. */
export const EXAMPLE_FILES: ReadonlyArray<{ readonly path: string; readonly text: string }> = [
  { path: 'pipeline.yaml', text: PIPELINE },
  { path: 'data/applications.csv', text: APPLICATIONS },
  { path: 'README.md', text: README },
  { path: '.gitignore', text: GITIGNORE },
]
