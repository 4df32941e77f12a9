/** The lineage as a list: each token, of which it was born, and which were born of it. Says what the graph shows. */
import type { Story, TokenStory } from '../../read/explain/story.ts'
import { tokenNamed } from '../../read/words/names.ts'
import { counted } from '../parts/units.ts'
import { tokenId } from './lineage.ts'
import { leadTo } from './lineage-graph.tsx'

export function LineageList({ story }: { readonly story: Story }) {
  const tokens = tokensOf(story)
  return (
    <details className="folded">
      <summary>{counted(tokens.length, 'token')} as a list</summary>
      <ul>
        {tokens.map(token => (
          <Item key={token.token} of={token} children={tokens.filter(each => each.parents.includes(token.token))} />
        ))}
      </ul>
    </details>
  )
}

function tokensOf(story: Story): readonly TokenStory[] {
  return [...story.tokens, ...story.onward.flatMap(tokensOf)]
}

function Item({ of, children }: { readonly of: TokenStory; readonly children: readonly TokenStory[] }) {
  const { name, rest } = tokenNamed(of)
  const nodes = of.visits.map(each => each.node).filter((node, i, all) => all[i - 1] !== node)
  return (
    <li>
      <button type="button" className="link-button" onClick={() => leadTo(tokenId(of.token))}>
        {name}
      </button>
      {rest}
      {nodes.length > 0 && <>: {nodes.join(' → ')}</>}
      {children.length > 0 && (
        <>
          {'; became '}
          {children.map(each => (
            <button type="button" key={each.token} className="link-button" onClick={() => leadTo(tokenId(each.token))}>
              token {each.token}
            </button>
          ))}
        </>
      )}
    </li>
  )
}
