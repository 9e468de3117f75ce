/**
 * Ends the process with the status of a command. Node also ends a process that waits for what cannot come, such as an answer from
 * a stdin that is closed, and calls it a success.
 */
export function endWith(command: Promise<number>): void {
  const unfinished = () => {
    process.stderr.write(
      'hallpass: error: the command cannot go on, and is not done: nothing is left to wait for\n',
    )
    process.exitCode = 1
  }
  process.once('beforeExit', unfinished)
  void command.then((status) => {
    process.off('beforeExit', unfinished)
    process.exitCode = status
  })
}
