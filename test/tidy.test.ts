/** Rules of the repository (docs/architecture.md). They hold for every file; there is no list of exceptions. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERRORS } from '../src/model/error-codes.ts'
import { isNode, ROOT, repositoryFiles, SourceFile, type SyntaxNode } from './support/source-file.ts'

const FILES = repositoryFiles()
const SOURCES = FILES.filter(file => /\.tsx?$/.test(file)).map(file => new SourceFile(file))
const isTest = ({ path }: SourceFile) => path.startsWith('test/') || path.endsWith('.test.ts')
const SHIPPED = SOURCES.filter(file => file.path.startsWith('src/') && !isTest(file))

/** By folder of src: what its files may import, besides each other and model; null: anything but the command line and the server. */
const MAY_IMPORT: { readonly [part: string]: readonly string[] | null } = {
  model: [],
  format: [],
  expression: [],
  sdk: ['expression'],
  config: ['sdk'],
  plan: ['config', 'sdk', 'expression', 'format'],
  ledger: ['format'],
  engine: ['plan', 'sdk', 'ledger', 'format'],
  read: ['format', 'expression', 'ledger'],
  plugins: ['sdk'],
  chaos: ['sdk', 'expression'],
  page: ['format', 'read'],
  witness: ['format'],
  telemetry: ['format', 'ledger'],
  api: [],
  web: ['api', 'format', 'read'],
  search: ['api', 'format', 'read', 'ledger'],
  infer: ['sdk', 'plugins'],
  secrets: [],
  host: null,
  server: ['api', 'host', 'read'],
  cli: null,
}
/** Rooms of the engine, from the one that calls to those that are called. */
const ROOMS = ['split', 'run', 'resume', 'nodes', 'calls', 'order', 'record', 'replay', 'token', 'ports']
/** The same of the ledger; the ports and what opens it stand outside of them. */
const LEDGER_ROOMS = ['thread', 'postgres', 'sqlite', 'write', 'encryption', 'keys']
/** All that readers see of the ledger. */
const READ_SIDE = 'src/ledger/read-port.ts'
/** What those see of it who say what is erased. */
const ERASING = 'src/ledger/erase-port.ts'

/** `src/engine/order/order-list.ts` is part of `engine`. */
function partOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** And is in the room `order`. */
function roomOf(path: string): string {
  return path.split('/')[2] ?? ''
}

function mayImport(from: string, target: string): boolean {
  const part = partOf(from)
  const other = partOf(target)
  if (!target.startsWith('src/') || target.endsWith('.test.ts')) return false
  if (part === 'engine' && other === 'engine') return ROOMS.indexOf(roomOf(from)) <= ROOMS.indexOf(roomOf(target))
  if (part === 'ledger' && other === 'ledger' && LEDGER_ROOMS.includes(roomOf(from)))
    return !LEDGER_ROOMS.slice(0, LEDGER_ROOMS.indexOf(roomOf(from))).includes(roomOf(target))
  if (part === other || other === 'model') return true
  if (part === 'read' && other === 'ledger')
    return target === READ_SIDE || (target === ERASING && from.startsWith('src/read/erase/'))
  const allowed = MAY_IMPORT[part]
  return allowed === null ? part === 'cli' || !['cli', 'server'].includes(other) : allowed?.includes(other) === true
}

describe('who may import whom', () => {
  test('every folder of src has a rule', () => {
    expect([...new Set(SHIPPED.map(({ path }) => partOf(path)))].filter(part => !(part in MAY_IMPORT))).toEqual([])
  })

  test('every file of the engine is in a room', () => {
    const engine = SHIPPED.map(({ path }) => path).filter(path => partOf(path) === 'engine')
    expect(engine.filter(path => !ROOMS.includes(roomOf(path)))).toEqual([])
  })

  test('each part, and each room of the engine, imports only what it may, types as well', () => {
    const wrong = SHIPPED.flatMap(file =>
      file
        .imports()
        .filter(({ file: target }) => target !== null && !mayImport(file.path, target))
        .map(({ specifier }) => `${file.path}: ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  test('what is shipped uses Node, its dependencies, optional peers and what is bundled with it, and each of these is used', () => {
    type Packages = { readonly [name: string]: string }
    const { dependencies, peerDependencies, devDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    ) as { readonly [kind in 'dependencies' | 'peerDependencies' | 'devDependencies']: Packages }
    // NOTICE has the bundled ones, and what these need.
    const named = readFileSync(join(ROOT, 'NOTICE'), 'utf8').matchAll(/^-{80}\n(\S+) \(/gm)
    const bundled = [...named].map(([, name = '']) => name).filter(name => name in devDependencies)
    const declared = new Set([...Object.keys({ ...dependencies, ...peerDependencies }), ...bundled])
    const used = new Set<string>()
    for (const { specifier, file } of SHIPPED.flatMap(each => each.imports()))
      if (file === null && !specifier.startsWith('node:')) used.add(packageOf(specifier))
    expect([...used].sort()).toEqual([...declared].sort())
  })

  test('docs/architecture.md has these rules', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
    const said = [...text.matchAll(/^\| \[(\w+)\]\(\.\.\/src\/\w+\/README\.md\) \|.*\| (.+) \|$/gm)]
    const parts = [...new Set(SHIPPED.map(({ path }) => partOf(path)))].sort()
    const rule = (part: string) => {
      const allowed = MAY_IMPORT[part]
      if (allowed !== null) return allowed?.join(', ') || 'nothing'
      return part === 'cli' ? 'anything' : 'anything but cli and server'
    }
    expect(Object.fromEntries(said.map(([, part = '', allowed = '']) => [part, allowed]))).toEqual(
      Object.fromEntries(parts.map(part => [part, rule(part)])),
    )
  })

  test('no file needs itself, however far round', () => {
    const needs = new Map(
      SHIPPED.map(file => [file.path, file.imports().flatMap(each => (each.type_only ? [] : (each.file ?? [])))]),
    )
    expect(cyclesIn(needs)).toEqual([])
  })
})

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Each cycle that a walk meets, as `a → b → a`. */
function cyclesIn(needs: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' → '))
    else if (!done.has(path)) {
      for (const next of needs.get(path) ?? []) visit(next, [...way, path])
      done.add(path)
    }
  }
  for (const path of needs.keys()) visit(path, [])
  return cycles
}

describe('each folder of src, each room of the engine, and the fold of readers explain themselves in a README.md', () => {
  const folders = [...new Set(SHIPPED.flatMap(({ path }) => [partOf(path), innermost(path)]))].sort()
  const byFolder = <T>(of: (folder: string) => T) => Object.fromEntries(folders.map(folder => [folder, of(folder)]))
  const pages = byFolder(folder => {
    const path = join(ROOT, 'src', folder, 'README.md')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  })
  /** What stands behind `word` in the line that begins with it; null if none does. */
  const said = (word: string) =>
    byFolder(folder => new RegExp(`^${word}: (.*)$`, 'm').exec(pages[folder] ?? '')?.[1] ?? null)

  test('in a few lines, and what it owns stands first', () => {
    const isRight = (folder: string, text = '') =>
      text.startsWith(`# ${folder}\n\nOwns: `) && text.split('\n').length <= 30
    expect(folders.filter(folder => !isRight(folder, pages[folder]))).toEqual([])
  })

  test('what it calls and what calls it is what files import, types as well; model is named on its own page only', () => {
    const arrows = SHIPPED.flatMap(file => file.imports().map(({ file: to }) => ({ from: file.path, to: to ?? '' })))
    const inside = arrows.filter(({ to }) => to.startsWith('src/'))
    const calls = byFolder(folder => {
      const leaving = inside.filter(({ from, to }) => isOf(from, folder) && !isOf(to, folder))
      return listed(leaving.map(({ to }) => nameOn(folder, to)).filter(name => name !== 'model'))
    })
    const callers = byFolder(folder => {
      const coming = inside.filter(({ from, to }) => isOf(to, folder) && !isOf(from, folder))
      return listed(coming.map(({ from }) => nameOn(folder, from)))
    })
    expect(said('Calls')).toEqual(calls)
    expect(said('Called by')).toEqual(callers)
  })

  test('the invariants of a room of the engine are those that its files open with', () => {
    const labelled = byFolder(folder => {
      const files = isRoom(folder) ? SHIPPED.filter(({ path }) => innermost(path) === folder) : []
      return files.flatMap(file => labelsOf(file) ?? []).join(', ') || null
    })
    expect(said('Invariants')).toEqual(labelled)
  })

  test('the label of an invariant is its file’s name and a number, and no other file has it', () => {
    const labels = SHIPPED.flatMap(file => invariantsOf(file.text).map(label => ({ label, path: file.path })))
    const stem = (path: string) => path.split('/').at(-1)?.replace(/\.ts$/, '').toUpperCase() ?? ''
    const wrong = labels.filter(({ label, path }) => !new RegExp(`^(?:[A-Z]+-)?${stem(path)}-\\d+$`).test(label))
    expect(wrong).toEqual([])
    expect(labels.length).toBe(new Set(labels.map(({ label }) => label)).size)
  })

  test('the file to begin with is there', () => {
    const first = byFolder(folder => /^Begin with: \[(.+\.tsx?)\]\(\1\)$/m.exec(pages[folder] ?? '')?.[1] ?? null)
    const missing = folders.filter(folder => {
      const name = first[folder] ?? null
      return name === null || !existsSync(join(ROOT, 'src', folder, name))
    })
    expect(missing).toEqual([])
  })
})

/** The innermost folder with such a README that a file is in: `engine/nodes/sink`, `engine/order`, `read/fold`, `plugins`. */
function innermost(path: string): string {
  const room = roomNamed(path)
  return isRoom(room) ? room : partOf(path)
}

/** `engine/nodes/sink`, `read/diff`; the part alone where it has no rooms. */
function roomNamed(path: string): string {
  const [, part = '', room, kind] = path.split('/').slice(0, -1)
  if ((part !== 'engine' && part !== 'read') || room === undefined) return part
  return room === 'nodes' && kind !== undefined ? `${part}/${room}/${kind}` : `${part}/${room}`
}

function isRoom(folder: string): boolean {
  return folder.startsWith('engine/') || folder === 'read/fold'
}

/** Whether a page is about a file: that of its part, and that of its room. */
function isOf(path: string, folder: string): boolean {
  return partOf(path) === folder || innermost(path) === folder
}

/** How the page of a folder calls where a file is: rooms know each other by name. */
function nameOn(folder: string, path: string): string {
  return isRoom(folder) ? roomNamed(path) : partOf(path)
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].sort().join(', ') || 'nothing'
}

/** Labels of invariants that a comment lists: `ORDER-LIST-2`. */
function invariantsOf(text: string): readonly string[] {
  return [...text.matchAll(/^ \* ([A-Z]+(?:-[A-Z]+)*-?\d+)\. /gm)].map(([, label = '']) => label)
}

/** `ORDER-LIST-1 to ORDER-LIST-4 (order-list.ts)`, by the first comment of a file; null if it states none. */
function labelsOf({ path, text }: SourceFile): string | null {
  const opening = text.slice(0, text.indexOf('*/'))
  const labels = invariantsOf(opening)
  if (labels.length === 0) return null
  const all = labels.length === 1 ? labels[0] : `${labels[0]} to ${labels.at(-1)}`
  return `${all} (${path.split('/').at(-1)})`
}

describe('sizes', () => {
  test('no file has more than 500 lines', () => {
    expect(SOURCES.filter(file => file.lines > 500).map(file => `${file.path}: ${file.lines}`)).toEqual([])
  })

  test('half of the shipped files have at most 150 lines', () => {
    const lines = SHIPPED.map(file => file.lines).sort((a, b) => a - b)
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(150)
  })

  test('no function has more than 70 lines, but for those that hold tests', () => {
    const long = SOURCES.flatMap(file =>
      file
        .functions()
        .filter(({ lines, node }) => lines > 70 && !(isTest(file) && declaresTests(file, node)))
        .map(({ line, lines }) => `${file.path}:${line}: ${lines}`),
    )
    expect(long).toEqual([])
  })
})

/** Whether `test(…)` or `describe(…)` is called in it: then its length is that of a chapter, not of a thought. */
function declaresTests(file: SourceFile, node: SyntaxNode): boolean {
  for (const call of file.nodes('CallExpression'))
    if (call.start > node.start && call.end < node.end && isNode(call.callee))
      if (/^(test|it|describe)\b/.test(file.text.slice(call.callee.start, call.callee.end))) return true
  return false
}

describe('what files hold', () => {
  test('each shipped file opens by saying its one job', () => {
    expect(SHIPPED.filter(({ text }) => !text.startsWith('/**')).map(({ path }) => path)).toEqual([])
  })

  test('nothing is left for later', () => {
    const left = SOURCES.flatMap(file =>
      file.comments
        .filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))
        .map(({ start }) => `${file.path}:${file.lineAt(start)}`),
    )
    expect(left).toEqual([])
  })

  test('the compiler is never overruled, the linter only with a reason; tests may say what does not compile', () => {
    const overruling = /@ts-(ignore|nocheck)|biome-ignore-all|biome-ignore(?! [\w/]+: \S)/
    const overruled = SOURCES.flatMap(file =>
      file.comments
        .filter(({ text }) => overruling.test(text) || (!isTest(file) && text.includes('@ts-expect-error')))
        .map(({ start }) => `${file.path}:${file.lineAt(start)}`),
    )
    expect(overruled).toEqual([])
  })

  test('nothing is of type any, unless the line above says why', () => {
    const untyped = SOURCES.flatMap(file =>
      [...file.nodes('TSAnyKeyword')]
        .map(node => file.lineAt(node.start))
        .filter(line => !file.text.split('\n')[line - 2]?.includes('biome-ignore lint/suspicious/noExplicitAny: '))
        .map(line => `${file.path}:${line}`),
    )
    expect(untyped).toEqual([])
  })

  test('the engine overrules the compiler nowhere without a reason, other folders no more often than they did', () => {
    const bare = SHIPPED.flatMap(file => {
      const said = reasons(file)
      return casts(file).flatMap(line => (said.has(line) || said.has(line - 1) ? [] : { file, line }))
    })
    const parts = Object.keys(MAY_IMPORT).map(
      part => [part, bare.filter(({ file }) => partOf(file.path) === part)] as const,
    )
    const more = parts.filter(([part, found]) => found.length > (MOST_CASTS[part] ?? 0))
    expect(more.flatMap(([, found]) => found.map(({ file, line }) => `${file.path}:${line}`))).toEqual([])
  })

  test('the engine overrules it 8 times in all', () => {
    expect(SHIPPED.filter(({ path }) => partOf(path) === 'engine').flatMap(casts).length).toBeLessThanOrEqual(8)
  })

  test('JSON is read by parseJson, which reads all names right', () => {
    const others = SHIPPED.filter(({ path }) => path !== 'src/model/json.ts').flatMap(file =>
      [...file.text.matchAll(/\bJSON\.parse\([^,]*?\)/g)].map(({ index }) => `${file.path}:${file.lineAt(index)}`),
    )
    expect(others).toEqual([])
  })

  test('no error is swallowed', () => {
    const swallowed = SHIPPED.flatMap(file => swallowing(file).map(node => `${file.path}:${file.lineAt(node.start)}`))
    expect(swallowed).toEqual([])
  })
})

/** Casts and non-null assertions whose reason isn't said, by folder of src: 0 where it isn't here. These may only become fewer. */
const MOST_CASTS: { readonly [part: string]: number } = {
  chaos: 25,
  cli: 6,
  config: 23,
  expression: 85,
  format: 37,
  host: 13,
  ledger: 77,
  model: 29,
  plan: 17,
  plugins: 122,
  read: 153,
  sdk: 36,
}

/** Lines where a value is said to be of a type, or to be there, and the compiler can't see it; `as unknown as` is one. */
function casts(file: SourceFile): readonly number[] {
  const nodes = file.nodes('TSAsExpression', 'TSTypeAssertion', 'TSNonNullExpression')
  const inner = new Set<unknown>(nodes.map(({ expression }) => expression))
  const isConst = ({ start, end }: SyntaxNode) => file.text.slice(start, end).endsWith(' as const')
  return nodes.filter(node => !inner.has(node) && !isConst(node)).map(({ start }) => file.lineAt(start))
}

/** Last lines of comments that say why: `// cast: …`. */
function reasons(file: SourceFile): ReadonlySet<number> {
  return new Set(file.comments.filter(({ text }) => /^ cast: \S/.test(text)).map(({ end }) => file.lineAt(end)))
}

/** Places where an error is caught and nothing follows from it. */
function swallowing(file: SourceFile): readonly SyntaxNode[] {
  const found: SyntaxNode[] = []
  for (const node of file.nodes('CatchClause'))
    if (isNode(node.body) && Array.isArray(node.body.body) && node.body.body.length === 0) found.push(node)
  for (const call of file.nodes('CallExpression')) {
    if (!isNode(call.callee) || !Array.isArray(call.arguments)) continue
    const handler: unknown = call.arguments[0]
    if (/\.catch$/.test(file.text.slice(call.callee.start, call.callee.end)) && isNode(handler))
      if (/^\(\) =>\s*(\{\s*\}|undefined|void 0)$/.test(file.text.slice(handler.start, handler.end))) found.push(call)
  }
  return found
}

describe('codes', () => {
  const words = (files: readonly string[]) =>
    files.flatMap(file => {
      const text = readFileSync(join(ROOT, file), 'utf8')
      return [...text.matchAll(/(env\.|\$\{?|\b)(CUSTODY_[A-Z_]+)\b/g)].map(([, before = '', word = '']) => ({
        file,
        word,
        variable: before === 'env.' || before.startsWith('$'),
      }))
    })
  const shipped = words(SHIPPED.map(({ path }) => path).filter(path => !path.endsWith('error-codes.ts')))

  test('every code of ERRORS is raised somewhere', () => {
    const raised = new Set(shipped.map(({ word }) => word))
    expect(Object.keys(ERRORS).filter(code => !raised.has(code))).toEqual([])
  })

  test('every code that users can read of is one of ERRORS', () => {
    const variables = new Set(words(SOURCES.map(({ path }) => path)).flatMap(each => (each.variable ? each.word : [])))
    const mentioned = [...shipped, ...words(FILES.filter(file => /\.(md|ya?ml)$/.test(file)))]
    const unknown = mentioned.filter(({ word }) => !(word in ERRORS) && !variables.has(word))
    expect(unknown.map(({ file, word }) => `${file}: ${word}`)).toEqual([])
  })
})

/** Words with a better one in docs/glossary.md, or in plain English; in two parts, so that none is found here. */
const OUT = phrases(
  ['row', ' instances?'],
  ['tokens of', ' language models?'],
  ['language.model', ' tokens?'],
  ['men', 'd(s|ed|ing)?'],
  ['comes?', ' of'],
  ['(go|goes|going|gone|went)', ' on with'],
  // Better: said, reported, recorded, shown; continues; the result; legitimately; so that. In names, too.
  ['to', 'ld(?! (apart|from|to|the truth)\\b)'],
  ['tel', 'l(s|ing)? that'],
  ['\\w*(un)?to', 'ld_\\w+'],
  ['\\w+_to', 'ld'],
  ['what', ' (came|comes|has come) of'],
  ['(came|come|comes|coming)', ' to nothing'],
  ['(goes|going|gone)', ' on(?= (with|from|behind|after|to be)\\b|[,.;:)])'],
  ['by', ' right'],
  ['as well as', ' none'],
  ['such', ' that'],
)

/** A name or the beginning of one, `tone-` of `tone-${tone}`, that markup gives to its elements. */
function classesIn(file: SourceFile): readonly string[] {
  const isIn = (node: SyntaxNode, others: readonly SyntaxNode[]) =>
    others.some(({ start, end }) => start <= node.start && node.end <= end)
  const given = file.nodes('JSXAttribute').filter(({ start }) => file.text.startsWith('className=', start))
  const compared = file.nodes('BinaryExpression')
  const texts = file.nodes('Literal', 'TemplateElement').filter(each => isIn(each, given) && !isIn(each, compared))
  return texts.flatMap(({ start, end }) => file.text.slice(start, end).match(/[a-z][\w-]*/g) ?? [])
}

test('each class in the markup of the explorer is in a stylesheet, or a test looks for it', () => {
  const sheets = FILES.filter(file => /^src\/web\/.*\.css$/.test(file))
  const looking = SOURCES.filter(({ path }) => /^(test\/explorer|bench)\//.test(path))
  const selectors = looking.flatMap(file => file.nodes('Literal').map(({ value }) => String(value)))
  const text = [...sheets.map(file => readFileSync(join(ROOT, file), 'utf8')), ...selectors].join()
  const known = [...new Set(text.match(/(?<=\.)[a-z][\w-]*/g))]
  const isKnown = (name: string) => known.some(each => (name.endsWith('-') ? each.startsWith(name) : each === name))
  const given = SHIPPED.flatMap(file => classesIn(file).map(name => ({ file: file.path, name })))
  expect(given.length).toBeGreaterThan(200)
  expect(given.filter(({ name }) => !isKnown(name))).toEqual([])
})

function phrases(...parts: ReadonlyArray<readonly [string, string]>): readonly RegExp[] {
  return parts.map(pair => new RegExp(`\\b${pair.join('')}\\b`, 'gi'))
}

describe('the words that are out', () => {
  test('anywhere', () => {
    const found = FILES.filter(file => /\.([jt]s|mts|md|ya?ml|txt)$/.test(file)).flatMap(file => {
      // A phrase may be broken between two lines, of a comment as well.
      const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\s+([*#>]\s+|\/\/\s+)?/g, ' ')
      return OUT.flatMap(phrase => text.match(phrase) ?? []).map(phrase => `${file}: ${phrase}`)
    })
    expect(found).toEqual([])
  })
})

describe('nothing of this machine', () => {
  const marks = [ROOT, homedir(), hostOf(process.env.npm_config_registry)].filter(mark => mark.length > 5)

  test('no path of it, and no registry of its own', () => {
    const marked = FILES.filter(file => {
      const text = readFileSync(join(ROOT, file), 'latin1')
      return marks.some(mark => text.includes(mark))
    })
    expect(marked).toEqual([])
  })

  test('the lock file names no registry, and no settings of npm are kept', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
    expect(lock).not.toMatch(/"resolved": "(?!https:\/\/registry\.npmjs\.org\/)/)
    expect(FILES.filter(file => /(^|\/)\.npmrc$/.test(file))).toEqual([])
  })
})

/** Of a registry that isn't everybody's; else `''`. */
function hostOf(registry: string | undefined): string {
  if (registry === undefined || registry.startsWith('https://registry.npmjs.org')) return ''
  return new URL(registry).host
}
