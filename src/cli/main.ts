#!/usr/bin/env node
import { keepMemoryOutOfCores } from './core-dumps.ts'
import { runProgram } from './program.ts'

keepMemoryOutOfCores()

// A reader that has enough (`| head`) closes the pipe; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`hallpass: error: the output could not be written (${error.code})\n`)
  process.exit(1)
})

// What cannot be said is no reason to end: a disk that is full of our log would take the proxy down.
process.stderr.on('error', () => {})

// No top-level await: bin/hallpass.cjs, which any Node can parse, loads this file by `require`. Never rejects.
void runProgram(process.argv.slice(2), process.env).then((status) => {
  process.exitCode = status
})
