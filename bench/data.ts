/** The input of all workloads: one CSV file with five columns and rows of about 120 bytes, the same on every machine. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

const REGIONS = ['north', 'east', 'south', 'west']
const LINES_A_WRITE = 10_000

/** Writes `rows` rows with a header. `amount` is spread evenly over 0 … 99,999; one note in four needs quotes. */
export async function writeData(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path)
  let text = 'id,name,amount,region,note\n'
  for (let row = 1; row <= rows; row++) {
    text += `${lineOf(row)}\n`
    if (row % LINES_A_WRITE > 0) continue
    if (!file.write(text)) await once(file, 'drain')
    text = ''
  }
  file.end(text)
  await once(file, 'close')
}

function lineOf(row: number): string {
  const region = REGIONS[row % 4] as string
  const said = 'asked for an offer and wants to be called back this week'
  const note = row % 4 === 0 ? `"${said}, not before nine"` : `${said} or the next one; after five`
  return `${row},Customer ${String(row).padStart(7, '0')},${(row * 7919) % 100_000},${region},${note}`
}
