/** Types of page.js. */
export function pageHtml(): Promise<string>
export function pagePackages(): Promise<readonly string[]>
