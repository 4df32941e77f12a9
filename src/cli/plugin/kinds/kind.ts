/** What `custody plugin init` writes of one kind of plugin. In texts `NAME` is the plugin’s name, `PACKAGE` the package’s. */
export interface PluginTemplate {
  /** src/index.ts: the plugin. */
  readonly source: string
  /** What test/plugin.test.ts checks beside the conformance kit. */
  readonly test: string
  /** example/pipeline.yaml. */
  readonly pipeline: string
  /** example/pipeline.test.yaml. */
  readonly cases: string
  /** Input of the example, by path within example/. */
  readonly data: { readonly [path: string]: string }
}
