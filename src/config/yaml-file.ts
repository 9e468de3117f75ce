import type { Document, ErrorCode, LineCounter, Node, ParsedNode } from 'yaml'
import type { Position } from './problem.ts'

/** yaml comes in as an argument: it is loaded only where there is a file to read. */
export type Yaml = typeof import('yaml')

/** A parsed file whose every value can be traced to its line and column. */
export interface YamlFile {
  /** Plain data. */
  readonly value: unknown
  /** Where the value at this path stands, or the key that leads to it; the nearest thing above where it is missing. */
  position(path: readonly PropertyKey[], part?: 'key' | 'value'): Position
}

export interface YamlProblem extends Position {
  readonly message: string
}

/** A configuration is written by hand; one with more aliases is built to grow in memory ("billion laughs"). */
const maxAliases = 50

/** Never quotes the text it complains about: somebody may have put a secret there. */
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
    // The parser recurses: 100,000 opening brackets end its stack.
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
  DUPLICATE_KEY: 'this key stands here a second time',
  TAB_AS_INDENT: 'a tab stands where YAML wants spaces',
  BAD_INDENT: 'the indentation fits no line above',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing',
  MULTIPLE_DOCS: 'a second document begins here; one is wanted',
  TAG_RESOLVE_FAILED: 'this tag is not known',
  KEY_OVER_1024_CHARS: 'this key is too long, or a quote is missing',
  MULTILINE_IMPLICIT_KEY: 'a key and its colon stand on one line',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
}

/** A key that is no plain text, or that reaches the prototype of an object (CVE-2023-26136), or an alias of nothing. */
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
