/** Types of bundle.js. */
export function bundle(folder: string, more?: { readonly [place: string]: string }): Promise<void>
export function bundledPackages(): Promise<readonly string[]>
