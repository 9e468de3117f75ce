import type { CommandSpec } from './command.ts'
import { command as start } from './commands/start.ts'
import { command as stop } from './commands/stop.ts'

/** Every command, in the order of `--help`. Completion and help pages read this list; adding a command is one line here. */
export const commands: readonly CommandSpec[] = [start, stop]
