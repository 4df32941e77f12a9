/**
 * Who asks the models of a provider: the AI SDK, whose package is loaded when a node first asks; or Custody itself, where it's
 * OpenAI's chat completions that any server speaks. Nothing is taken from environment variables:
 * the pipeline file alone says where requests go and who pays for them (only a proxy on the way is the machine's affair).
 */
import type { MissingPackages } from '../../sdk/spec.ts'
import { missingPeers } from '../peers.ts'
import { chatClient } from './chat.ts'
import type { Client } from './client.ts'
import type { Endpoint } from './endpoint.ts'
import { libraryClient, type MakeModel } from './library.ts'
import type { ModelOptions, Provider } from './model-options.ts'

/** The optional peers that are needed. */
const PACKAGES: { readonly [provider in Provider]?: string } = {
  openai: '@ai-sdk/openai',
  azure: '@ai-sdk/azure',
  anthropic: '@ai-sdk/anthropic',
  google: '@ai-sdk/google',
  'amazon-bedrock': '@ai-sdk/amazon-bedrock',
}

export function missingPackages({ provider }: Pick<ModelOptions, 'provider'>): MissingPackages | null {
  const name = PACKAGES[provider]
  return name === undefined ? null : missingPeers(['provider'], [name])
}

export async function loadClient(options: ModelOptions, endpoint: Endpoint): Promise<Client> {
  const { provider } = options
  switch (provider) {
    case 'openrouter':
    case 'compatible':
      return chatClient(options, endpoint, endpoint.url ?? 'https://openrouter.ai/api/v1')
    default:
      return libraryClient(options, await loadModel(provider, options, endpoint))
  }
}

type WithLibrary = Exclude<Provider, 'openrouter' | 'compatible'>

async function loadModel(provider: WithLibrary, options: ModelOptions, { url }: Endpoint): Promise<MakeModel> {
  const { model, headers } = options
  const apiKey = options.api_key?.trim() ?? ''
  const common = { apiKey, ...(headers === undefined ? {} : { headers }) }
  switch (provider) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return fetch => createOpenAI({ ...common, fetch, baseURL: url ?? 'https://api.openai.com/v1' }).chat(model)
    }
    case 'azure': {
      const { createAzure } = await import('@ai-sdk/azure')
      const { resource, api_version } = options.azure ?? {}
      const place = url === null ? { resourceName: resource ?? '' } : { baseURL: url }
      const version = api_version === undefined ? {} : { apiVersion: api_version }
      return fetch => createAzure({ ...common, fetch, ...place, ...version }).chat(model)
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return fetch => createAnthropic({ ...common, fetch, baseURL: url ?? 'https://api.anthropic.com/v1' })(model)
    }
    case 'google': {
      const { createGoogle } = await import('@ai-sdk/google')
      const baseURL = url ?? 'https://generativelanguage.googleapis.com/v1beta'
      return fetch => createGoogle({ ...common, fetch, baseURL })(model)
    }
    case 'amazon-bedrock':
      return bedrock(options, common, url)
  }
}

async function bedrock(
  { model, aws }: ModelOptions,
  common: { readonly apiKey: string },
  url: string | null,
): Promise<MakeModel> {
  const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
  const region = aws?.region ?? ''
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const settings = {
    ...common,
    region,
    accessKeyId: aws?.access_key_id ?? '',
    secretAccessKey: aws?.secret_access_key ?? '',
    ...(aws?.session_token === undefined ? {} : { sessionToken: aws.session_token }),
    baseURL: url ?? `https://bedrock-runtime.${region}.${suffix}`,
  }
  return fetch => createAmazonBedrock({ ...settings, fetch })(model)
}
