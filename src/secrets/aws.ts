/** AWS Secrets Manager and Parameter Store, by Amazon’s own clients: credentials and region come from where these find them. */
import { type Keeper, SecretProblem, type Stored } from './keeper.ts'
import { storedBytes, unusable } from './stored.ts'

const TRIES = 3

export function awsKeeper(): Keeper<'aws'> {
  return {
    placeOf: ({ id }) => id,
    read: async (reference, signal) => {
      const { id } = reference
      const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager')
      const client = new SecretsManagerClient(settingsFor(id))
      return asked(client, { who: 'AWS Secrets Manager', id, action: 'secretsmanager:GetSecretValue' }, async () => {
        const command = new GetSecretValueCommand({ SecretId: id })
        const { SecretString, SecretBinary } = await client.send(command, { abortSignal: signal })
        if (SecretString !== undefined) return { kind: 'text', text: SecretString }
        if (SecretBinary !== undefined) return storedBytes(SecretBinary, reference)
        throw unusable(reference, 'has no value')
      })
    },
  }
}

export function parameterKeeper(): Keeper<'aws-ssm'> {
  return {
    placeOf: ({ id }) => id,
    read: async (reference, signal) => {
      const { id } = reference
      const { SSMClient, GetParameterCommand } = await import('@aws-sdk/client-ssm')
      const client = new SSMClient(settingsFor(id))
      return asked(client, { who: 'AWS Parameter Store', id, action: 'ssm:GetParameter' }, async () => {
        const command = new GetParameterCommand({ Name: id, WithDecryption: true })
        const { Parameter } = await client.send(command, { abortSignal: signal })
        if (Parameter?.Value === undefined) throw unusable(reference, 'has no value')
        return { kind: 'text', text: Parameter.Value }
      })
    },
  }
}

interface Asked {
  readonly who: string
  readonly id: string
  /** What a policy calls it. */
  readonly action: string
}

async function asked(client: { destroy(): void }, what: Asked, ask: () => Promise<Stored>): Promise<Stored> {
  try {
    return await ask()
  } catch (error) {
    throw problemOf(error, what)
  } finally {
    client.destroy()
  }
}

/** An ARN says in which region it lies. */
function settingsFor(id: string): { readonly maxAttempts: number; readonly region?: string } {
  const [, region = ''] = /^arn:[a-z-]+:[a-z]+:([a-z0-9-]+):/.exec(id) ?? []
  return { maxAttempts: TRIES, ...(region === '' ? {} : { region }) }
}

const MISSING = /^(?:ResourceNotFoundException|ParameterNotFound|ParameterVersionNotFound|InvalidRequestException)$/
const REFUSED =
  /^(?:AccessDenied|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|ExpiredToken|IncompleteSignature|MissingAuthenticationToken|DecryptionFailure|InvalidKeyId|KMS)(?:Exception|Error)?/

/** Names of errors are words of Amazon’s; what else an endpoint may say there is left out. */
const named = (name: string) =>
  /^[A-Z][A-Za-z]{1,60}(?:Exception|Error|Fault)$/.test(name) ? name : 'an error that it doesn’t know'

/** By the name of what Amazon’s clients throw; their messages quote what was sent. */
function problemOf(error: unknown, { who, id, action }: Asked): unknown {
  if (error instanceof SecretProblem || !(error instanceof Error)) return error
  const { name } = error
  if (MISSING.test(name))
    return new SecretProblem(
      'CUSTODY_SECRET_NOT_FOUND',
      `${who} has no secret ${id}, or it is about to be deleted`,
      'check its name, and the region (AWS_REGION)',
    )
  const [refused] = REFUSED.exec(name) ?? []
  if (refused !== undefined)
    return new SecretProblem(
      'CUSTODY_SECRET_DENIED',
      `${who} doesn’t let these credentials read ${id} (${refused})`,
      `allow them ${action}, and kms:Decrypt where it is encrypted with a key of your own`,
    )
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError')
    return new SecretProblem(
      'CUSTODY_SECRET_SETTING',
      `${who}: no credentials were found`,
      'sign in with the AWS CLI, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
  if (error.message.startsWith('Region is missing'))
    return new SecretProblem('CUSTODY_SECRET_SETTING', `${who}: no region is set`, 'set AWS_REGION, or name the ARN')
  // Of Node's, as ECONNREFUSED.
  const code = 'code' in error && /^E[A-Z_]{2,40}$/.test(String(error.code)) ? String(error.code) : named(name)
  return new SecretProblem('CUSTODY_SECRET_UNREACHABLE', `${who} can’t be asked for ${id} (${code})`)
}
