#!/usr/bin/env node
'use strict'
// Kept to what the oldest Node can parse: its one job is to find a Node that runs hallpass, or to say what is missing.
var fs = require('fs')
var path = require('path')

var root = path.join(__dirname, '..')
var entry = path.join(root, 'dist', 'cli', 'main.cjs')
var ownNode = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

function enough(version) {
  var parts = version.split('.').map(Number)
  return (parts[0] === 24 && parts[1] >= 15) || parts[0] >= 26
}

function fail(message, hint) {
  process.stderr.write('hallpass: error: ' + message + '\nhallpass: hint: ' + hint + '\n')
  process.exit(3)
}

/** proc(5), stat: the third field behind the name is the process group, the sixth the terminal's foreground group. */
function inForeground() {
  try {
    var stat = fs.readFileSync('/proc/self/stat', 'latin1')
    var fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[4] !== '0' && fields[2] === fields[5]
  } catch (error) {
    return process.stdin.isTTY === true
  }
}

function goOnWith(node) {
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' })
  var fromTerminal = ['SIGINT', 'SIGQUIT', 'SIGWINCH']
  var signals = fromTerminal.concat(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'])
  signals.forEach(function (signal) {
    try {
      process.on(signal, function () {
        // A terminal has sent it to the child as well: one Ctrl-C must not become two, the second of which ends at once.
        if (fromTerminal.indexOf(signal) === -1 || !inForeground()) child.kill(signal)
      })
    } catch (error) {
      // A platform without this signal cannot send it either.
    }
  })
  child.on('error', function (error) {
    fail('cannot start ' + node + ': ' + error.message, 'npm ci')
  })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

if (!fs.existsSync(entry)) {
  fail('this checkout is not built', 'npm ci')
} else if (enough(process.versions.node)) {
  // Compiled code is kept beside what it was compiled from, where only who may change that may change it.
  require('module').enableCompileCache(path.join(root, 'dist', '.cache'))
  require(entry)
} else if (fs.existsSync(ownNode) && process.execPath !== fs.realpathSync(ownNode)) {
  goOnWith(ownNode)
} else {
  fail(
    'hallpass needs Node 24.15 or newer, and this is ' + process.version + ' (' + process.execPath + ')',
    'npm install --global node@24'
  )
}
