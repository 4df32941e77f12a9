/** Elements of the page. Texts become text nodes, and nothing else: no data can be markup. */

type Attributes = { readonly [name: string]: string | number | null }
type Child = Node | string | null

/** `null` among attributes and children is left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children)
}

const SVG = 'http://www.w3.org/2000/svg'

export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS(SVG, tag), attributes, children)
}

function filled<Of extends Element>(of: Of, attributes: Attributes, children: readonly Child[]): Of {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) of.setAttribute(name, `${value}`)
  for (const child of children) if (child !== null) of.append(child)
  return of
}

/** A list of sentences. */
export function sentences(texts: readonly string[], kind = ''): HTMLElement {
  return element('ul', { class: kind === '' ? null : kind }, ...texts.map(text => element('li', {}, text)))
}
