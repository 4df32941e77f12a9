/** PostgreSQL's texts of arrays, as `{1,NULL,"a b",{…}}` (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO). */
import type { Json } from '../../../model/row.ts'
import { type Cell, Unfit } from '../database.ts'

/** `read`: of one element. `delimiter`: between elements, by their type. */
export function arrayCell(text: string, read: (text: string) => Cell, delimiter: string): Cell {
  if (text.startsWith('[')) return new Unfit(text, 'its first element isn’t number 1')
  const reader = new ArrayReader(text, read, delimiter)
  const list = reader.list()
  return reader.unfit === null ? list : new Unfit(text, `of an element: ${reader.unfit.why}`)
}

class ArrayReader {
  readonly #text: string
  readonly #read: (text: string) => Cell
  readonly #delimiter: string
  #at = 0
  /** The first element that rows can't hold. */
  unfit: Unfit | null = null

  constructor(text: string, read: (text: string) => Cell, delimiter: string) {
    this.#text = text
    this.#read = read
    this.#delimiter = delimiter
  }

  /** From its brace on. */
  list(): Json[] {
    const items: Json[] = []
    this.#at++
    while (this.#text[this.#at] !== '}') {
      items.push(this.#item())
      if (this.#text[this.#at] === this.#delimiter) this.#at++
      else if (this.#at >= this.#text.length) throw new SyntaxError('an array of the server has no end')
    }
    this.#at++
    return items
  }

  #item(): Json {
    const first = this.#text[this.#at]
    if (first === '{') return this.list()
    if (first === '"') return this.#value(this.#quoted())
    const word = this.#word()
    return word === 'NULL' ? null : this.#value(word)
  }

  #value(text: string): Json {
    const cell = this.#read(text)
    if (!(cell instanceof Unfit)) return cell
    this.unfit ??= cell
    return null
  }

  #quoted(): string {
    let text = ''
    for (this.#at++; this.#at < this.#text.length && this.#text[this.#at] !== '"'; this.#at++) {
      if (this.#text[this.#at] === '\\') this.#at++
      text += this.#text[this.#at] ?? ''
    }
    this.#at++
    return text
  }

  #word(): string {
    const start = this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== this.#delimiter && this.#text[this.#at] !== '}')
      this.#at++
    return this.#text.slice(start, this.#at)
  }
}
