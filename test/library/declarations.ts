import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** An exported name of the built package, with its declaration in dist/. */
export interface Declaration {
  readonly name: string
  /** `declare class Hallpass { … }`, without comments. */
  readonly text: string
  /** The types of ours in it, by the names of their declarations. */
  readonly uses: readonly string[]
}

/** Reads the declarations of all names that the file exports from others. The compiler's layout makes plain text reading safe. */
export function publicDeclarations(index: string): Declaration[] {
  const exported = exportsOf(readFileSync(index, 'utf8')).map(({ name, from }) => {
    return { name, file: join(dirname(index), from.replace(/\.[jt]s$/, '.d.ts')) }
  })
  return exported
    .map(({ name, file }) => declarationOf(name, file))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function exportsOf(text: string): { name: string; from: string }[] {
  const statements = text.matchAll(/^export (?:type )?\{([^}]*)\} from ['"]([^'"]+)['"];$/gm)
  return [...statements].flatMap(([, names = '', from = '']) =>
    names.split(',').map((name) => ({ name: name.trim().replace(/^type /, ''), from })),
  )
}

function declarationOf(name: string, file: string): Declaration {
  const all = withoutComments(readFileSync(file, 'utf8'))
  const text = declarationsIn(all).get(name)
  if (text === undefined) throw new Error(`${file} does not declare ${name}`)
  const known = new Set([...declarationsIn(all).keys(), ...importsIn(all)])
  // Members and literals are no types: a name in a type follows neither a dot nor stands before a colon.
  const words = text.replaceAll(/'[^']*'|"[^"]*"/g, '').matchAll(/(?<![.\w])[A-Z]\w*|\b[a-z]\w*(?=\[)/g)
  const uses = new Set([...words].map(([word]) => word).filter((word) => word !== name && known.has(word)))
  return { name, text, uses: [...uses].sort() }
}

/** Each top-level declaration of a file, up to the next line that begins at the margin. */
function declarationsIn(text: string): Map<string, string> {
  const pattern =
    /^(?:export )?((?:declare )?(?:abstract )?(?:class|interface|type|function|const) (\w+)[\s\S]*?)(?=^(?:export|import|declare|interface|type|class)\b|(?![\s\S]))/gm
  return new Map([...text.matchAll(pattern)].map(([, all = '', name = '']) => [name, all.trim()]))
}

function importsIn(text: string): string[] {
  const statements = text.matchAll(/^import (?:type )?\{([^}]*)\} from ['"]\.[^'"]+['"];$/gm)
  return [...statements].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim().replace(/^type /, '')),
  )
}

export function withoutComments(text: string): string {
  return text.replaceAll(/^[ ]*\/\*[\s\S]*?\*\/\n/gm, '').replaceAll(/[ ]*\/\*[\s\S]*?\*\//g, '')
}
