/** The child's side of a process of the bench. Named commands come in over IPC, and answers go out. */

export interface Usage {
  readonly cpuMicros: number
  readonly rssBytes: number
}

type Command = (argument: never) => unknown

interface Call {
  readonly id: number
  readonly command: string
  readonly argument: never
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() }
}

/** Sends `ready` to the parent, and answers its calls until it goes. */
export function serve(ready: unknown, commands: Readonly<Record<string, Command>>): void {
  process.on('message', (call: Call) => {
    void answer(call, commands[call.command])
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ ready })
}

async function answer(call: Call, command: Command | undefined): Promise<void> {
  try {
    if (command === undefined) throw new Error(`no command ${call.command}`)
    process.send?.({ id: call.id, result: await command(call.argument) })
  } catch (error) {
    process.send?.({ id: call.id, error: String((error as Error).stack ?? error) })
  }
}

/** The one argument of a child, as JSON from its parent. */
export function startedWith<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T
}
