import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { runningApi } from './stage.ts'

const isRoot = process.getuid?.() === 0
const knock = `
const socket = require('node:net').connect(process.argv[1])
socket.on('connect', () => { console.log('open'); socket.destroy() })
socket.on('error', ({ code }) => console.log(code))
`

test.runIf(isRoot)('another user cannot open the socket, not even when the folders are open', async () => {
  const { home } = await runningApi()
  const { adminSocket } = home
  const asNobody = () => {
    const command = [process.execPath, '-e', knock, adminSocket]
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups', ...command]
    return spawnSync('setpriv', words, { cwd: '/', encoding: 'utf8' }).stdout.trim()
  }
  expect(asNobody()).toBe('EACCES')
  for (let folder = dirname(adminSocket); folder.length > '/tmp'.length; folder = dirname(folder)) {
    chmodSync(folder, 0o755)
  }
  expect(asNobody()).toBe('EACCES')
})
