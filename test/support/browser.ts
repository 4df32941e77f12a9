/** A real Chromium, where there can be one: the one that an npm package brings. */
import type { Browser } from 'playwright-core'

/** Or why there is none. */
export type Launched = { readonly ok: true; readonly browser: Browser } | { readonly ok: false; readonly why: string }

/**
 * What the package would have besides, for a place without a display: one process for all, which ends with the first page that is
 * closed; pages that may ask each other's servers; and a graphics card that is only played, which takes as long as all else together.
 */
const LEFT_OUT = new Set([
  ...['--single-process', '--no-zygote', '--disable-web-security', '--allow-running-insecure-content'],
  ...['--use-gl', '--use-angle', '--enable-unsafe-swiftshader', '--in-process-gpu', '--ignore-gpu-blocklist'],
])
/** No graphics card; and pages share a process: to start one for each, and compile in it what the others have, is half of a page. */
const ADDED = ['--disable-gpu', '--renderer-process-limit=1']

export async function launchChromium(): Promise<Launched> {
  try {
    const [{ chromium }, { default: packed }] = await Promise.all([
      import('playwright-core'),
      import('@sparticuz/chromium'),
    ])
    const args = [...packed.args.filter(each => !LEFT_OUT.has(each.replace(/=.*/, ''))), ...ADDED]
    return { ok: true, browser: await chromium.launch({ executablePath: await packed.executablePath(), args }) }
  } catch (error) {
    return { ok: false, why: (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '' }
  }
}
