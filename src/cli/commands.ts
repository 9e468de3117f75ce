import type { CommandSpec } from './command.ts'
import { command as ca } from './commands/ca.ts'
import { command as completion } from './commands/completion.ts'
import { command as config } from './commands/config.ts'
import { command as cookie } from './commands/cookie.ts'
import { command as doctor } from './commands/doctor.ts'
import { command as env } from './commands/env.ts'
import { command as explain } from './commands/explain.ts'
import { command as exportCommand } from './commands/export.ts'
import { command as importCommand } from './commands/import.ts'
import { command as key } from './commands/key.ts'
import { command as login } from './commands/login.ts'
import { command as logs } from './commands/logs.ts'
import { command as open } from './commands/open.ts'
import { command as run } from './commands/run.ts'
import { command as session } from './commands/session.ts'
import { command as start } from './commands/start.ts'
import { command as status } from './commands/status.ts'
import { command as stop } from './commands/stop.ts'
import { command as storage } from './commands/storage.ts'
import { command as token } from './commands/token.ts'

/** Every command, in the order of `--help`. A new command is one file in commands/ and one line here. */
export const commands: readonly CommandSpec[] = [
  run,
  start,
  stop,
  status,
  logs,
  env,
  explain,
  login,
  open,
  token,
  cookie,
  storage,
  session,
  importCommand,
  exportCommand,
  ca,
  key,
  config,
  doctor,
  completion,
]
