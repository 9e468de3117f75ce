import { kindOf } from '../../../credentials/kinds.ts'
import { HallpassError } from '../../../errors.ts'
import type { Input } from '../../command.ts'

/** What the flags say about a credential; undefined where they say nothing. */
export function definitionOf(input: Input) {
  return {
    kind: input.text('kind'),
    hosts: input.list('host'),
    header: input.text('header'),
    param: input.text('param'),
    cookie: input.text('cookie'),
    allowHttp: input.has('allowHttp') ? true : undefined,
    // The parser sets `override`, which is false with `--no-override`.
    override: input.has('override') ? undefined : false,
  }
}

const flags: Readonly<Record<string, string>> = {
  hosts: '--host',
  header: '--header',
  param: '--param',
  cookie: '--cookie',
  allowHttp: '--allow-http',
  override: '--no-override',
}

/**
 * Says what is wrong with the flags in terms of the flags.
 * @param held the credential is there already, and keeps what no flag says
 * @throws HallpassError 'usage'
 */
export async function checkDefinition(
  definition: ReturnType<typeof definitionOf>,
  held: boolean,
): Promise<void> {
  const kind = kindOf(definition.kind ?? '')
  if (kind === undefined) return
  const { z } = await import('zod')
  const given = Object.fromEntries(Object.entries(definition).filter(([, value]) => value !== undefined))
  for (const issue of kind.options(z).safeParse(given).error?.issues ?? []) {
    const key = String(issue.path[0] ?? '')
    const flag = flags[key] ?? key
    if (issue.code === 'unrecognized_keys') {
      const strays = issue.keys.map((stray) => flags[stray] ?? stray)
      throw new HallpassError('usage', `${strays.join(' and ')} says nothing about the kind ${kind.kind}`)
    }
    if (key in given) throw new HallpassError('usage', `${flag}: ${issue.message}`)
    if (!held) throw new HallpassError('usage', `the kind ${kind.kind} needs ${flag}`)
  }
}
