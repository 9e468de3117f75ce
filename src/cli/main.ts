#!/usr/bin/env node
import { runProgram } from './program.ts'

// A reader that has enough (`| head`) closes the pipe; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

// No top-level await: bin/hallpass.cjs, which any Node can parse, loads this file by `require`. Never rejects.
void runProgram(process.argv.slice(2), process.env).then((status) => {
  process.exitCode = status
})
