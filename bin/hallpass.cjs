#!/usr/bin/env node
'use strict'
// Kept to what the oldest Node can parse: its one job is to find a Node that runs hallpass, or to say what is missing.
var fs = require('fs')
var path = require('path')

var root = path.join(__dirname, '..')
var entry = path.join(root, 'dist', 'cli', 'main.cjs')
var nodeFile = path.join('node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
// In a clone below it, in an installation beside it.
var besides = path.basename(path.dirname(root)) === 'node_modules' ? path.dirname(root) : undefined
var ownNode = [path.join(root, 'node_modules'), besides]
  .filter(Boolean)
  .map(function (folder) {
    return path.join(folder, nodeFile)
  })
  .find(fs.existsSync)

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
    fail('cannot start ' + node + ': ' + error.message, bringNode())
  })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** A command of npm for the folder that holds hallpass, typed anywhere. */
function npm(words, folder) {
  return 'npm ' + words + (process.cwd() === folder ? '' : ' --prefix ' + quoted(folder))
}

function quoted(word) {
  return /^[\w./-]+$/.test(word) ? word : "'" + word.replace(/'/g, "'\\''") + "'"
}

/** Brings a Node for hallpass alone: `npm install --global node` would replace the node of everybody. */
function bringNode() {
  if (besides === undefined) return npm('ci --ignore-scripts=false', root)
  var project = path.dirname(besides)
  return fs.existsSync(path.join(project, 'package.json'))
    ? npm('install --ignore-scripts=false node@24', project)
    : 'npm install --global --no-bin-links --ignore-scripts=false node@24'
}

if (!fs.existsSync(entry)) {
  if (fs.existsSync(path.join(root, 'node_modules'))) {
    // npm ci alone would skip them again where the user's npmrc says so.
    fail('this clone is not built: npm ci ran without its scripts', npm('ci --ignore-scripts=false', root))
  }
  fail('this clone is not built', npm('ci', root))
} else if (enough(process.versions.node)) {
  // Compiled code is kept beside what it was compiled from, where only who may change that may change it.
  require('module').enableCompileCache(path.join(root, 'dist', '.cache'))
  require(entry)
} else if (ownNode && process.execPath !== fs.realpathSync(ownNode)) {
  goOnWith(ownNode)
} else {
  fail(
    'hallpass needs Node 24.15 or newer, and this is ' + process.version + ' (' + process.execPath + ')',
    bringNode()
  )
}
