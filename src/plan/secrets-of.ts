import { Secret } from '../secret.ts'
import type { Plan } from './plan.ts'

/** Every secret that a plan puts on a request, for the log to cut out. */
export function secretsOf({ cookies, credentials }: Plan): readonly Secret[] {
  const texts = new Set(cookies.attached.flatMap(({ value }) => cookieSecrets(value)))
  for (const { source, secrets } of credentials.attached) {
    if (source.from === 'value' || source.from === 'placeholder') texts.add(source.value.reveal())
    for (const secret of secrets) texts.add(secret.reveal())
  }
  return [...texts].map((text) => new Secret(text))
}

/** Sites quote and percent-encode their cookies, and a script sends the value inside (Laravel's XSRF-TOKEN). */
function cookieSecrets(value: string): readonly string[] {
  const inside = /^"(.*)"$/.exec(value)?.[1] ?? value
  return [value, inside, decoded(inside)]
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text // its percent signs are its own
  }
}
