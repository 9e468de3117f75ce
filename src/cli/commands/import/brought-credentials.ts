import { printable } from '../../../log/printable.ts'
import type { BundledCredential } from '../../../sessions/bundled-credential.ts'
import { type Context, Exit, type Input } from '../../command.ts'
import { counted } from '../../counted.ts'

/**
 * Shows each credential that a bundle brings and asks. The author of a bundle chooses the hosts: a value that the importer sets later,
 * or a login, goes there too.
 */
export async function confirmCredentials(
  { output, confirm }: Context,
  input: Input,
  credentials: readonly BundledCredential[],
): Promise<void> {
  if (credentials.length === 0) return
  const count = counted(credentials.length, 'credential')
  output.say(`the bundle brings ${count}:`)
  for (const credential of credentials) output.say(`  ${credentialText(credential)}`)
  if (input.has('dryRun') || input.has('yes')) return
  if (!(await confirm(`Import ${count}, for these hosts?`, '--yes'))) throw new Exit(1)
}

function credentialText({ name, kind, hosts, options, hasValue }: BundledCredential): string {
  const parts = [
    kind,
    hasValue ? 'its value is in the bundle' : 'without a value',
    ...Object.entries(options).map(([option, value]) => `${option} ${plain(value)}`),
    hosts.length === 0 ? 'for the hosts of the rules that name it' : `for ${hosts.join(', ')}`,
  ]
  return printable(`${name}: ${parts.join(', ')}`)
}

function plain(value: unknown): string {
  return Array.isArray(value) ? value.join(' ') : String(value)
}
