#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must get as far as telling that it is one.
const { node } = process.versions
if (Number(node.split('.')[0]) < 24) {
  const code = 'CUSTODY_NODE_VERSION'
  const message = `Custody needs Node 24 or newer; this is Node ${node}`
  const hint = 'Install a current Node, or run: npx -p node@26 -p custody custody'
  const words = process.argv.slice(2)
  const end = words.indexOf('--')
  if ((end === -1 ? words : words.slice(0, end)).includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`)
  else process.stderr.write(`error ${code}: ${message}\n  hint: ${hint}\n`)
  process.exitCode = 2
} else {
  const { main } = await import('../dist/cli/main.js')
  process.exitCode = await main(process.argv.slice(2))
  // What a plugin has left open, or a pipe that nobody writes to, doesn't keep a process that is done and has told all.
  const leave = () => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit()
    setTimeout(leave, 1000).unref()
  }
  setTimeout(leave, 1000).unref()
}
