/** Signing in by OpenID Connect: authorization code with PKCE, state and nonce; the role comes from a claim. */
import type * as client from 'openid-client'
import { ROLES, type Role } from '../../api/session.ts'
import { CustodyError } from '../../model/error.ts'
import type { Journey } from './journeys.ts'
import { callbackUrl, type OidcSettings } from './oidc-settings.ts'

type Client = typeof client
type Claims = { readonly [claim: string]: unknown }

export interface SignedIn {
  readonly user: string
  /** null: no value of the claim stands for one. */
  readonly role: Role | null
}

const PACKAGE = 'openid-client'

export class Oidc {
  private readonly settings: OidcSettings
  private readonly client: Client
  /** What the provider says of itself; asked for when it is first needed, and again if that failed. */
  private found: Promise<client.Configuration> | null = null

  private constructor(settings: OidcSettings, library: Client) {
    this.settings = settings
    this.client = library
  }

  /** @throws CustodyError CUSTODY_PACKAGE_MISSING */
  static async load(settings: OidcSettings): Promise<Oidc> {
    try {
      return new Oidc(settings, await import('openid-client'))
    } catch (cause) {
      throw new CustodyError('CUSTODY_PACKAGE_MISSING', `to sign in by OIDC needs the package ${PACKAGE}`, {
        cause,
        hint: `Install it where Custody is installed: npm install ${PACKAGE}`,
      })
    }
  }

  /** Where to send the browser, and what it takes with it. @throws CustodyError CUSTODY_SIGN_IN */
  async setOut(): Promise<{ readonly url: URL; readonly journey: Journey }> {
    const { randomState, randomNonce, randomPKCECodeVerifier, calculatePKCECodeChallenge, buildAuthorizationUrl } =
      this.client
    const journey = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
    const url = buildAuthorizationUrl(await this.configuration(), {
      redirect_uri: callbackUrl(this.settings),
      scope: 'openid profile email',
      state: journey.state,
      nonce: journey.nonce,
      code_challenge: await calculatePKCECodeChallenge(journey.verifier),
      code_challenge_method: 'S256',
    })
    return { url, journey }
  }

  /** `search`: the query that the provider sent the browser back with. @throws CustodyError CUSTODY_SIGN_IN */
  async comeBack(search: string, { state, nonce, verifier }: Journey): Promise<SignedIn> {
    const configuration = await this.configuration()
    const url = new URL(`${callbackUrl(this.settings)}${search}`)
    try {
      const tokens = await this.client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims: Claims = tokens.claims() ?? {}
      const all = this.settings.claim in claims ? claims : await this.asked(configuration, tokens.access_token, claims)
      return { user: userIn(all), role: this.roleIn(all) }
    } catch (cause) {
      throw new CustodyError('CUSTODY_SIGN_IN', 'the provider’s answer isn’t one that lets you in', { cause })
    }
  }

  /** Some providers tell groups only where they are asked. */
  private async asked(configuration: client.Configuration, token: string, claims: Claims): Promise<Claims> {
    const { sub } = claims
    if (configuration.serverMetadata().userinfo_endpoint === undefined || typeof sub !== 'string') return claims
    return { ...(await this.client.fetchUserInfo(configuration, token, sub)), ...claims }
  }

  /** The one that may most. */
  private roleIn(claims: Claims): Role | null {
    const given = claims[this.settings.claim]
    const values = Array.isArray(given) ? given : [given]
    const roles = values.map(value => this.settings.roles.get(String(value)))
    return ROLES.findLast(role => roles.includes(role)) ?? null
  }

  private configuration(): Promise<client.Configuration> {
    this.found ??= this.discovered().catch((cause: unknown) => {
      this.found = null
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new CustodyError('CUSTODY_SIGN_IN', `the provider can’t be asked how to sign in: ${why}`, { cause })
    })
    return this.found
  }

  private discovered(): Promise<client.Configuration> {
    const { issuer, client_id, client_secret } = this.settings
    const { None, ClientSecretBasic, allowInsecureRequests, discovery } = this.client
    const proof = client_secret === null ? None() : ClientSecretBasic(client_secret)
    // Settings allow http on this machine only.
    const execute = issuer.protocol === 'http:' ? [allowInsecureRequests] : []
    return discovery(issuer, client_id, {}, proof, { execute, timeout: 10 })
  }
}

/** As the log of readers names them: only what the provider vouches for, since anybody may call themselves anything. */
function userIn({ sub, email, email_verified }: Claims): string {
  return email_verified === true && typeof email === 'string' ? email : String(sub)
}
