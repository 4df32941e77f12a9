#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must get as far as reporting that it is one.
const { node } = process.versions
const [major, minor] = node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 6)) {
  const code = 'CUSTODY_NODE_VERSION'
  const message = `Custody needs Node 24.6 or newer; this is Node ${node}`
  const hint = 'Install a current Node, or run: npx -p node@26 -p custody custody'
  const words = process.argv.slice(2)
  const end = words.indexOf('--')
  if ((end === -1 ? words : words.slice(0, end)).includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`)
  else process.stderr.write(`error ${code}: ${message}\n  hint: ${hint}\n`)
  process.exitCode = 2
} else {
  const { exit } = process
  const { keepCompiled } = await import('./compiled.js')
  keepCompiled()
  const { main } = await import('../dist/cli/main.js')
  // Standard output is for answers and rows: what plugins print isn't to end up among them.
  globalThis.console = new console.Console(process.stderr)
  process.exitCode = await main(process.argv.slice(2))
  // A plugin may have left something running. All output has to be written, and then nobody waits for the plugin.
  const linger = () =>
    setTimeout(() => {
      if (process.stdout.writableLength + process.stderr.writableLength > 0) return linger()
      process.stderr.write('a plugin has left something running; the process ends without it\n')
      exit.call(process)
    }, 3000).unref()
  linger()
}
