import { type ChildProcess, spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { said } from '../support/command-line.ts'
import { onHead } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const get = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n'
/** Only root can be another user too. */
const isRoot = process.platform === 'linux' && process.getuid?.() === 0

/** Opens 4,100 connections: every other one sends half of a large head. Says when most and when all were opened, and holds them. */
const flood = `
const { connect } = require('node:net')
const half = 'GET / HTTP/1.1\\r\\nX: ' + 'x'.repeat(15_000)
let opened = 0
const open = () => {
  if (opened === 3_500) process.stdout.write('most')
  if (opened === 4_100) return process.stdout.write('all')
  const socket = connect(Number(process.argv[1]), '127.0.0.1', () => {
    if (opened++ % 2 === 0) socket.write(half, open)
    else open()
  })
  socket.on('error', () => {})
}
open()
setInterval(() => {}, 1_000)
`

function stranger(port: number): ChildProcess {
  const command = [process.execPath, '-e', flood, String(port)]
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
  const [program = '', ...args] = isRoot ? asNobody : command
  const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  return child
}

it('4,100 connections of a user without a token shut nobody out, and take little memory', async () => {
  await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
  const admitted = await s.proxy.secure('site.test')
  const before = process.memoryUsage().rss
  const child = stranger(s.proxy.port)
  const most = said(child, /most/)
  const all = said(child, /all/)
  await most
  // Late, since no stranger may be silent for long; the rest of the flood is larger than the room for strangers.
  const silent = await s.proxy.client()
  await all

  const late = await s.proxy.secure('site.test')
  late.send(get)
  expect((await late.response()).status).toBe(200)
  admitted.send(get)
  expect((await admitted.response()).status).toBe(200)
  // It had shown no token either, but it is of another user than the flood.
  if (isRoot) {
    silent.send(`GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\n\r\n`)
    expect((await silent.response()).status).toBe(407)
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024)
  await expect.poll(() => s.proxy.proxy.stats().open).toBeLessThan(300)
})
