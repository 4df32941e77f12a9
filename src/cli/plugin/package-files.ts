/** The files of a package with one plugin: pure. */
import { PLUGIN_KEYWORD } from '../../host/plugins/plugins-of.ts'
import type { PluginKind } from '../../sdk/spec.ts'
import { TEMPLATES } from './kinds/index.ts'

/** Versions that the package asks for. */
export interface Versions {
  readonly custody: string
  readonly zod: string
  readonly typescript: string
  readonly types_node: string
}

export interface PackageFile {
  /** Within the package’s folder. */
  readonly path: string
  readonly text: string
}

/** `name`: of the package. `plugin`: what pipelines call it. */
export function packageFiles(
  name: string,
  plugin: string,
  kind: PluginKind,
  versions: Versions,
): readonly PackageFile[] {
  const { source, test, pipeline, cases, data } = TEMPLATES[kind]
  const filled = (text: string) => text.replaceAll('NAME', plugin).replaceAll('PACKAGE', name)
  return [
    { path: 'package.json', text: json(manifest(name, kind, versions)) },
    { path: 'tsconfig.json', text: json(TSCONFIG) },
    { path: 'tsconfig.build.json', text: json(TSCONFIG_BUILD) },
    { path: 'src/index.ts', text: filled(source) },
    { path: 'test/plugin.test.ts', text: TEST_HEAD + test },
    { path: 'example/pipeline.yaml', text: filled(pipeline) },
    { path: 'example/pipeline.test.yaml', text: filled(cases) },
    ...Object.entries(data).map(([path, text]) => ({ path: `example/${path}`, text })),
    { path: 'README.md', text: filled(README.replaceAll('KIND', kind)) },
    { path: '.gitignore', text: 'node_modules/\ndist/\nout/\ncustody.db*\n' },
  ]
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`

function manifest(name: string, kind: PluginKind, { custody, zod, typescript, types_node }: Versions): object {
  return {
    name,
    version: '0.1.0',
    description: `A ${kind} for Custody`,
    type: 'module',
    // By the second one Custody finds packages with plugins that a pipeline doesn't name.
    keywords: ['custody', PLUGIN_KEYWORD],
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    // With their sources, so that a defect is shown where it was written.
    files: ['dist', 'src'],
    engines: { node: '>=24.6' },
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      types: 'tsc',
      conforms: 'custody plugin test src/index.ts',
      test: 'npm run types && npm run conforms && node --test && custody test example/pipeline.yaml',
      prepack: 'npm run build',
    },
    // The Custody that runs the pipeline is meant, and the zod that it has: two of them would not know each other's values.
    peerDependencies: { custody, zod },
    devDependencies: { '@types/node': types_node, custody, typescript, zod },
  }
}

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    // Node runs the sources as they are: only what can be left out may be TypeScript.
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['src', 'test'],
}

const TSCONFIG_BUILD = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: 'src', outDir: 'dist', declaration: true, sourceMap: true },
  include: ['src'],
}

const TEST_HEAD = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OBSERVED } from 'custody/sdk'
import { testPlugin, visitContext } from 'custody/sdk/testing'
import plugin from '../src/index.ts'

// What every plugin promises: docs/writing-plugins.md of custody lists it.
testPlugin(test, plugin)

`

const README = `# PACKAGE

The KIND \`NAME\` for [Custody](https://www.npmjs.com/package/custody): say here what it is for.

    npm install PACKAGE

\`\`\`yaml
plugins: [PACKAGE]
\`\`\`

\`custody plugins NAME --pipeline pipeline.yaml\` shows its options, its errors and examples.

## Development

    npm install
    npm test                                    # types, conformance, tests, and the cases of the example
    npx custody run example/pipeline.yaml       # the example, from the sources
    npm publish                                 # builds dist/ first
`
