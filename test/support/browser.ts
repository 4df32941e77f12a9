/** A real Chromium, where there can be one: the one that an npm package brings. */
import type { Browser } from 'playwright-core'

/** Or why there is none. */
export type Launched = { readonly ok: true; readonly browser: Browser } | { readonly ok: false; readonly why: string }

export async function launchChromium(): Promise<Launched> {
  try {
    const [{ chromium }, { default: packed }] = await Promise.all([
      import('playwright-core'),
      import('@sparticuz/chromium'),
    ])
    // In one process it would end with the first page that is closed.
    const args = packed.args.filter(each => each !== '--single-process' && each !== '--no-zygote')
    return { ok: true, browser: await chromium.launch({ executablePath: await packed.executablePath(), args }) }
  } catch (error) {
    return { ok: false, why: (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '' }
  }
}
