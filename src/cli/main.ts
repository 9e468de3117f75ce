#!/usr/bin/env node
import { keepMemoryOutOfCores } from './core-dumps.ts'
import { endWith } from './end-with.ts'
import { runProgram } from './program.ts'

keepMemoryOutOfCores()

// A reader that has enough (`| head`) closes the pipe, which is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`hallpass: error: the output could not be written (${error.code})\n`)
  process.exit(1)
})

// A failed write to stderr must not end the proxy: stderr may be a log file on a full disk.
process.stderr.on('error', () => {})

// bin/hallpass.cjs, which any Node can parse, loads this file by `require`, so it has no top-level await. `runProgram` never rejects.
endWith(runProgram(process.argv.slice(2), process.env))
