#!/usr/bin/env node
'use strict'
// Kept to what the oldest Node can parse: its one job is to find a Node that runs hallpass, or to say what is missing.
var fs = require('fs')
var path = require('path')

var entry = path.join(__dirname, '..', 'dist', 'cli', 'main.js')
var version = process.versions.node.split('.').map(Number)
var enough = (version[0] === 24 && version[1] >= 15) || version[0] >= 26

function fail(message, hint) {
  process.stderr.write('hallpass: error: ' + message + '\nhallpass: hint: ' + hint + '\n')
  process.exit(3)
}

if (!fs.existsSync(entry)) {
  fail('this checkout is not built', 'npm ci')
} else if (enough) {
  require(entry)
} else {
  var own = path.join(
    __dirname,
    '..',
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (!fs.existsSync(own) || process.env.HALLPASS_NODE_GUARD) {
    fail(
      'hallpass needs Node 24.15 or newer, and this is ' + process.version + ' (' + process.execPath + ')',
      'npm install --global node@24',
    )
  }
  var env = Object.assign({}, process.env, { HALLPASS_NODE_GUARD: '1' })
  var child = require('child_process').spawn(own, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    env: env,
  })
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT']
  signals.forEach((signal) => {
    try {
      process.on(signal, () => {
        child.kill(signal)
      })
    } catch (ignored) {
      // A platform without this signal cannot send it either.
    }
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
