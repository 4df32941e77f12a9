/** What a place of the pipeline file may hold: the one description that the checker, `--set` and the editor's schema read. */
import type { Json } from '../model/row.ts'

export type TextForm =
  | 'any'
  | 'pipeline name'
  | 'target'
  | 'sink target'
  | 'expression'
  | 'plugin'
  | 'branch'
  | 'label'
  | 'ledger url'
export type KeyForm = 'name' | 'branch' | 'label' | 'field' | 'any'

export type Shape =
  /** `secret`: `{secret: NAME}` may stand in its place. */
  | { readonly kind: 'text'; readonly form: TextForm; readonly secret?: true }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'integer'; readonly min: number }
  /** `above`: greater than `min`, not equal. */
  | { readonly kind: 'number'; readonly min: number; readonly above?: true }
  | { readonly kind: 'duration'; readonly above_zero: boolean }
  /** A number of rows or `off`; with `share` a share of them, too. */
  | { readonly kind: 'threshold'; readonly share: boolean }
  | { readonly kind: 'list'; readonly of: Shape; readonly min: number; readonly unique: boolean; readonly item: string }
  | { readonly kind: 'map'; readonly of: Shape; readonly keys: KeyForm; readonly min: number; readonly item: string }
  | ObjectShape
  /** Exactly one of these keys is there, and says which object it is. */
  | VariantsShape
  /** By what YAML has there. */
  | {
      readonly kind: 'either'
      readonly text?: Shape
      readonly list?: Shape
      readonly map?: Shape
      /** For the message: `an expression, or a map with …`. */
      readonly expects: string
    }
  /** Options of a plugin: any JSON, checked against the plugin's own type later. */
  | { readonly kind: 'options' }
  /** A field of a row schema: shorthand or JSON Schema. */
  | { readonly kind: 'field' }

export interface KeyShape {
  readonly shape: Shape
  readonly required?: true
  readonly doc: string
  readonly default?: Json
}

export interface ObjectShape {
  readonly kind: 'object'
  /** With its article: `a transform`. */
  readonly what: string
  readonly keys: { readonly [key: string]: KeyShape }
  /** Keys that people try here, and why they aren't there. */
  readonly refused?: { readonly [key: string]: string }
}

export interface VariantsShape {
  readonly kind: 'variants'
  readonly what: string
  readonly by: { readonly [key: string]: ObjectShape }
}

/** Names of sources, nodes, sinks and branches. */
export const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/
export const PIPELINE_NAME = /^[a-z0-9][a-z0-9-]*$/
/** Never names: they have a meaning as targets or labels. */
export const RESERVED_NAMES: readonly string[] = ['discard', 'else']
