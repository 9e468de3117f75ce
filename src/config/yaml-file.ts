import type { Document, ErrorCode, LineCounter, Node, ParsedNode } from 'yaml'
import type { Position } from './problem.ts'

/** yaml is an argument, so that it is loaded only with a file. */
export type Yaml = typeof import('yaml')

/** A parsed file that knows line and column of each value. */
export interface YamlFile {
  /** Plain data. */
  readonly value: unknown
  /** The position of the value at this path, or of its key. For a missing one, the position of the nearest part above. */
  position(path: readonly PropertyKey[], part?: 'key' | 'value'): Position
}

export interface YamlProblem extends Position {
  readonly message: string
}

/** Attack: aliases of aliases grow in memory ("billion laughs"). No file that people write by hand has so many. */
const maxAliases = 50

/** Never quotes the text, because it may be a secret. */
export function parseYaml(
  yaml: Yaml,
  text: string,
): YamlFile | { readonly problems: readonly YamlProblem[] } {
  const lines = new yaml.LineCounter()
  let document: Document.Parsed<ParsedNode>
  try {
    document = yaml.parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      uniqueKeys: true,
    })
  } catch {
    // Attack: the parser recurses, and 100,000 opening brackets end its stack.
    return { problems: [{ line: 1, column: 1, message: 'the file is nested too deeply' }] }
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return {
      problems: faults.map(({ code, pos }) => ({
        ...at(lines, pos[0]),
        message: faultTexts[code] ?? 'this is not valid YAML',
      })),
    }
  }
  const odd = oddity(yaml, document)
  if (odd !== undefined) return { problems: [{ ...at(lines, odd.offset), message: odd.message }] }
  try {
    const value: unknown = document.toJS({ maxAliasCount: maxAliases })
    return new PositionedFile(yaml, document, lines, value)
  } catch {
    return { problems: [{ line: 1, column: 1, message: 'the file has too many aliases' }] }
  }
}

const faultTexts: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key is here twice',
  TAB_AS_INDENT: 'YAML indents with spaces, and this is a tab',
  BAD_INDENT: 'the indentation matches no line above',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing',
  MULTIPLE_DOCS: 'a second document begins here, and the file must have one',
  TAG_RESOLVE_FAILED: 'this tag is unknown',
  KEY_OVER_1024_CHARS: 'this key is too long, or a quote is missing',
  MULTILINE_IMPLICIT_KEY: 'a key and its colon must be on one line',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
}

/** A key that is not plain text or reaches the prototype of an object (CVE-2023-26136), or an alias without an anchor. */
function oddity(yaml: Yaml, document: Document.Parsed): { offset: number; message: string } | undefined {
  let found: { offset: number; message: string } | undefined
  yaml.visit(document, {
    Pair: (_, { key }) => {
      if (yaml.isScalar(key) && !(String(key.value) in {})) return undefined
      const offset = yaml.isNode(key) ? (key.range?.[0] ?? 0) : 0
      found = { offset, message: 'this cannot be a key' }
      return yaml.visit.BREAK
    },
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined
      found = {
        offset: alias.range?.[0] ?? 0,
        message: 'this alias has no anchor above; quote a text that begins with *',
      }
      return yaml.visit.BREAK
    },
  })
  return found
}

function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

class PositionedFile implements YamlFile {
  readonly value: unknown
  readonly #yaml: Yaml
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(yaml: Yaml, document: Document.Parsed, lines: LineCounter, value: unknown) {
    this.#yaml = yaml
    this.#document = document
    this.#lines = lines
    this.value = value
  }

  position(path: readonly PropertyKey[], part: 'key' | 'value' = 'value'): Position {
    const { key, value } = this.#walk(path)
    const node = part === 'key' ? (key ?? value) : (value ?? key)
    return at(this.#lines, node?.range?.[0] ?? 0)
  }

  #walk(path: readonly PropertyKey[]): { key?: Node | undefined; value?: Node | undefined } {
    const { isAlias, isMap, isNode, isScalar, isSeq } = this.#yaml
    const follow = (node: unknown): Node | undefined => {
      if (!isNode(node)) return undefined
      return isAlias(node) ? node.resolve(this.#document) : node
    }
    let key: Node | undefined
    let value = follow(this.#document.contents)
    for (const step of path) {
      if (isMap(value)) {
        const pair = value.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
        if (pair === undefined) return { key, value }
        key = isNode(pair.key) ? pair.key : undefined
        value = follow(pair.value)
      } else if (isSeq(value)) {
        const item = follow(value.items[Number(step)])
        if (item === undefined) return { key, value }
        key = item
        value = item
      } else {
        return { key, value }
      }
    }
    return { key, value }
  }
}
