import type { OptionFlag } from '../../../credentials/kind.ts'
import { kinds } from '../../../credentials/kinds.ts'
import type { OptionSpec } from '../../command.ts'

/** A flag that says something about a credential: the key of the definition that it sets, and how its words are read. */
export interface DefinitionFlag extends OptionSpec {
  readonly key: string
  readonly reads: 'word' | 'list' | 'path' | 'yes' | 'no'
}

/** Options of every kind. */
const common: readonly DefinitionFlag[] = [
  {
    key: 'hosts',
    reads: 'list',
    flags: '--host <host...>',
    summary: 'where it goes: example.com, *.example.com, with :port or without',
  },
  { key: 'allowHttp', reads: 'yes', flags: '--allow-http', summary: 'over plain http too' },
  {
    key: 'override',
    reads: 'no',
    flags: '--no-override',
    summary: 'leave alone what the client itself sends in that place',
  },
]

/** The flags of `token set`, which errors name too. */
export const definitionFlags: readonly DefinitionFlag[] = [...common, ...flagsOf(kinds)]

/** The flags of `token login`, which makes tokens of its own: never those in the file of another tool. */
export const loginFlags: readonly DefinitionFlag[] = [
  ...common,
  ...flagsOf(kinds.filter(({ kind }) => kind === 'oauth2')).filter(
    ({ key }) => key !== 'tokenFile' && key !== 'path',
  ),
]

/** Each option once, however many kinds have it. Its summary ends with their names. */
function flagsOf(some: typeof kinds): DefinitionFlag[] {
  const options = some.flatMap(({ kind, flags }) =>
    Object.entries<OptionFlag>(flags).map(([key, flag]) => ({ key, flag, kind })),
  )
  return [...Map.groupBy(options, ({ key }) => key).values()].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const { flags, summary, reads = 'word' } = first.flag
    const names = same.map(({ kind }) => kind).join(', ')
    return { key: first.key, reads, flags, summary: `${summary} (${names})` }
  })
}

/** Of a flag, the word that is typed: `--host`. */
export function flagName({ flags }: OptionSpec): string {
  return flags.split(' ')[0] ?? flags
}
