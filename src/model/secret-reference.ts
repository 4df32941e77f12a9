/** What `{ secret: … }` names: an environment variable, a file, or a secret that a manager keeps. Only its form: nothing is read. */
import { nearestNames } from './nearest.ts'

/** `field`: of an object that is stored as JSON, or of a Vault secret; null: none is named. */
export type SecretReference =
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly field: string | null }
  /** `path` as `vault kv get` takes it, mount included. */
  | { readonly kind: 'vault'; readonly path: string; readonly field: string | null }
  /** A name or an ARN. */
  | { readonly kind: 'aws'; readonly id: string; readonly field: string | null }
  | { readonly kind: 'aws-ssm'; readonly id: string; readonly field: string | null }
  | {
      readonly kind: 'azure'
      /** `NAME.vault.azure.net` */
      readonly host: string
      readonly secret: string
      readonly version: string | null
      readonly field: string | null
    }
  | {
      readonly kind: 'gcp'
      /** Whole, with its version. */
      readonly name: string
      /** Where a regional secret lies; null: a global one. */
      readonly location: string | null
      readonly field: string | null
    }

export type SecretKind = SecretReference['kind']
type Managed = Exclude<SecretKind, 'environment'>

/** What is wrong with a text that is none. */
export interface NoReference {
  readonly problem: string
  readonly hint: string
}

interface Scheme {
  readonly title: string
  /** How it is written. */
  readonly form: string
  /** What stands between scheme and field. */
  readonly body: string
}

const SEGMENT = '(?!\\.{1,2}(?:/|#|$))[^/#\\s]+'

/** By scheme. */
const SCHEMES: { readonly [kind in Managed]: Scheme } = {
  file: { title: 'a file', form: 'file:PATH', body: '[^#]+' },
  vault: { title: 'HashiCorp Vault', form: 'vault:MOUNT/PATH#FIELD', body: `${SEGMENT}(?:/${SEGMENT})+` },
  aws: { title: 'AWS Secrets Manager', form: 'aws:NAME or aws:ARN', body: '[A-Za-z0-9/_+=.@:-]+' },
  'aws-ssm': { title: 'AWS Parameter Store', form: 'aws-ssm:NAME or aws-ssm:ARN', body: '[A-Za-z0-9/_.:-]+' },
  azure: {
    title: 'Azure Key Vault',
    form: 'azure:VAULT/SECRET or azure:VAULT/SECRET/VERSION',
    body: '[A-Za-z][A-Za-z0-9-]{2,23}(?:\\.vault\\.(?:azure\\.net|azure\\.cn|usgovcloudapi\\.net))?/[A-Za-z0-9-]{1,127}(?:/[0-9a-f]{32})?',
  },
  gcp: {
    title: 'Google Secret Manager',
    form: 'gcp:projects/PROJECT/secrets/SECRET, with /versions/VERSION if it isn’t the latest',
    body: 'projects/[a-z0-9.:-]+(?:/locations/[a-z0-9-]+)?/secrets/[A-Za-z0-9_-]{1,255}(?:/versions/[A-Za-z0-9_-]+)?',
  },
}

// Nothing in it ends a line: names stand in messages, marks and tables.
const FIELD = '#[^\\u0000-\\u001f\\u007f-\\u009f]+'
const VARIABLE = '[A-Za-z_][A-Za-z0-9_]*'

const FORMS = [VARIABLE, ...Object.entries(SCHEMES).map(([kind, { body }]) => `${kind}:${body}(?:${FIELD})?`)]

/** A whole name. */
export const SECRET_REFERENCE = new RegExp(`^(?:${FORMS.join('|')})$`)

/** What may be written for one, for editors: variables may stand in it. */
export const WRITTEN_REFERENCE = new RegExp(`^(?:${FORMS.join('|')}|(?:${Object.keys(SCHEMES).join('|')}):.*\\$\\{.*)$`)

/** Every form, for people. */
export const SECRET_FORMS: readonly string[] = Object.values(SCHEMES).map(({ form }) => form)

export function parseSecretReference(text: string): SecretReference | NoReference {
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):([\s\S]*)$/.exec(text) ?? []
  if (scheme === undefined) {
    if (SECRET_REFERENCE.test(text)) return { kind: 'environment', name: text }
    return {
      problem: 'a secret is named by its environment variable, or by where it is kept',
      hint: `write { secret: NAME }, or one of ${SECRET_FORMS.join(' · ')}`,
    }
  }
  if (!isManaged(scheme)) {
    const [near] = nearestNames(scheme, Object.keys(SCHEMES), 1)
    const known = `secrets are kept in ${Object.keys(SCHEMES)
      .map(each => `${each}:`)
      .join(', ')}`
    return {
      problem: `nothing that keeps secrets is called \`${scheme}:\``,
      hint: near === undefined ? known : `did you mean ${near}:? ${known}`,
    }
  }
  if (!SECRET_REFERENCE.test(text)) {
    const { title, form } = SCHEMES[scheme]
    return { problem: `that isn’t how a secret of ${title} is named`, hint: `write ${form}` }
  }
  const at = rest.indexOf('#')
  const field = at < 0 ? null : rest.slice(at + 1)
  return placeOf(scheme, at < 0 ? rest : rest.slice(0, at), field)
}

export function isReference(parsed: SecretReference | NoReference): parsed is SecretReference {
  return 'kind' in parsed
}

/** What keeps it, in words. */
export function keeperOf(reference: SecretReference): string {
  if (reference.kind === 'file') return `the file ${reference.path}`
  return reference.kind === 'environment' ? 'the environment' : SCHEMES[reference.kind].title
}

function isManaged(scheme: string): scheme is Managed {
  return Object.hasOwn(SCHEMES, scheme)
}

function placeOf(kind: Managed, body: string, field: string | null): SecretReference {
  switch (kind) {
    case 'file':
    case 'vault':
      return { kind, path: body, field }
    case 'aws':
    case 'aws-ssm':
      return { kind, id: body, field }
    case 'azure': {
      const [vault = '', secret = '', version = null] = body.split('/')
      return { kind, host: vault.includes('.') ? vault : `${vault}.vault.azure.net`, secret, version, field }
    }
    case 'gcp': {
      const [, location = null] = /\/locations\/([^/]+)\//.exec(body) ?? []
      return { kind, name: body.includes('/versions/') ? body : `${body}/versions/latest`, location, field }
    }
  }
}
