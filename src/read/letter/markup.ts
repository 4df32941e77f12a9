/** HTML as text: whatever isn't made here is escaped. */

/** A piece of HTML. */
export class Markup {
  readonly html: string

  constructor(html: string) {
    this.html = html
  }
}

type Child = Markup | string | null

/** An element. Texts are escaped; null is left out. `tag` may have a class: `p.quiet`. */
export function markup(tag: string, ...children: readonly Child[]): Markup {
  const [name = '', kind] = tag.split('.')
  const inner = children.map(each => (each instanceof Markup ? each.html : escaped(each ?? ''))).join('')
  return new Markup(
    `<${name}${kind === undefined ? '' : ` class="${kind}"`}>${inner}</${name}>${WITHIN.has(name) ? '' : '\n'}`,
  )
}

/** Elements that stand within a line, where a line break would be a blank. */
const WITHIN: ReadonlySet<string> = new Set(['code', 'strong'])

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, found => ENTITIES[found] ?? found)
}

/** A list whose first item has this number. */
export function numbered(first: number, items: readonly Markup[]): Markup {
  return new Markup(`<ol start="${first}">${items.map(each => each.html).join('')}</ol>\n`)
}
