import { Secret } from '../secret.ts'
import type { Plan } from './plan.ts'

/** Every secret that a plan puts on a request, for the log to cut out. */
export function secretsOf({ cookies, credentials }: Plan): readonly Secret[] {
  const secrets = cookies.attached.map(({ value }) => new Secret(value))
  for (const { source } of credentials.attached) {
    if (source.from === 'signature') secrets.push(...source.signer.secrets)
    if (source.from !== 'value' && source.from !== 'placeholder') continue
    secrets.push(source.value)
    // Of `Bearer …`, a tool can write the token alone into a path.
    const [, token] = source.value.reveal().split(' ', 2)
    if (token !== undefined) secrets.push(new Secret(token))
  }
  return secrets
}
