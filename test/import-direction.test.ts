import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Highest first. A file imports from its own floor and those below it, never from above. */
const floors: readonly (readonly string[])[] = [
  ['cli'],
  ['doctor'],
  ['admin', 'environment'],
  ['adapters'],
  ['browser'],
  ['index.ts', 'library'],
  ['proxy', 'documents'],
  ['certs', 'sessions'],
  ['oauth'],
  ['store'],
  ['config'],
  ['formats', 'plan'],
  ['credentials', 'cookies', 'rules', 'http1', 'net'],
  [
    'ago.ts',
    'errors.ts',
    'histogram.ts',
    'json.ts',
    'parse-seconds.ts',
    'quoted-word.ts',
    'secret.ts',
    'spoken-time.ts',
    'log.ts',
    'log',
  ],
]

/** Rooms that decide and do nothing else: time, randomness and environment come in as arguments. */
const pureRooms = ['documents', 'plan', 'cookies', 'formats', 'http1', 'rules', 'credentials']
const impure =
  /\bDate\.now\(|\bnew Date\(\)|\bperformance\b|\bMath\.random\(|\bprocess\.|\bsetTimeout\(|\bfetch\(|\brandom(?:Bytes|UUID|Int)\b/

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .sort()

interface Import {
  readonly from: string
  /** The imported file of ours; undefined for a package. */
  readonly file: string | undefined
  /** The room of that file. */
  readonly room: string | undefined
  readonly specifier: string
}

describe('imports between the rooms of src', () => {
  const imports = files.flatMap((file) => importsOf(file, readFileSync(join(src, file), 'utf8')))

  it('finds the imports it is to judge', () => {
    expect(imports.length).toBeGreaterThan(files.length)
  })

  it('knows every room', () => {
    const rooms = new Set(files.map(roomOf))
    expect([...rooms].filter((room) => floorOf(room) === -1)).toEqual([])
  })

  it('run down', () => {
    const upward = imports.filter(
      ({ from, room }) => room !== undefined && floorOf(room) < floorOf(roomOf(from)),
    )
    expect(upward.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([])
  })

  it('close no ring of files, types counted', () => {
    expect(ringsOf(imports)).toEqual([])
  })

  it('of pure rooms name nothing of the system', () => {
    // Digests and MACs are arithmetic.
    const builtin = imports.filter(
      ({ from, specifier }) =>
        pureRooms.includes(roomOf(from)) && isBuiltin(specifier) && specifier !== 'node:crypto',
    )
    expect(builtin.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([])
  })

  it('leave pure rooms without clock, chance, environment and network', () => {
    const found = files.filter((file) => {
      return (
        pureRooms.includes(roomOf(file)) &&
        impure.test(withoutComments(readFileSync(join(src, file), 'utf8')))
      )
    })
    expect(found).toEqual([])
  })

  it('of node-forge are its ASN.1 writer, in one file: its advisories are about parsing', () => {
    const forge = imports.filter(
      ({ from, specifier }) => specifier.startsWith('node-forge') && !from.endsWith('.d.ts'),
    )
    expect(forge.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([
      'certs/der.ts imports node-forge/lib/asn1.js',
    ])
    expect(readFileSync(join(src, 'certs/der.ts'), 'utf8')).not.toMatch(/fromDer|validate\(/)
  })

  it('end in .ts, so that Node runs the sources as they are', () => {
    const odd = imports.filter(({ room, specifier }) => room !== undefined && !specifier.endsWith('.ts'))
    expect(odd.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([])
  })
})

describe('the search for rings', () => {
  const graph = (...edges: readonly (readonly [string, string])[]) =>
    edges.map(([from, file]) => ({ from, file }))

  it.each([
    ['a chain', graph(['a', 'b'], ['b', 'c']), []],
    ['two ways to one file', graph(['a', 'b'], ['a', 'c'], ['b', 'd'], ['c', 'd']), []],
    ['a file that imports itself', graph(['a', 'a']), [['a']]],
    ['two files that import each other', graph(['b', 'a'], ['a', 'b'], ['b', 'c']), [['a', 'b']]],
    [
      'a longer ring with a way in and out',
      graph(['in', 'a'], ['a', 'b'], ['b', 'c'], ['c', 'a'], ['c', 'out']),
      [['a', 'b', 'c']],
    ],
    [
      'two rings, one above the other',
      graph(['a', 'b'], ['b', 'a'], ['b', 'c'], ['c', 'd'], ['d', 'c']),
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
  ])('of %s', (_, edges, rings) => {
    expect(ringsOf(edges)).toEqual(rings)
  })

  it('finds one in the imports of sources, of types too', () => {
    const sources = [
      ['proxy/a.ts', "import { b } from './b.ts'"],
      ['proxy/b.ts', "import type { A } from './a.ts'"],
    ] as const
    const edges = sources.flatMap(([file, text]) => importsOf(file, text))
    expect(ringsOf(edges)).toEqual([['proxy/a.ts', 'proxy/b.ts']])
  })
})

describe('the reader of imports', () => {
  it.each([
    ["import { a } from '../store/a.ts'", ['store']],
    ["import type { A } from '../store/a.ts'", ['store']],
    ["import {\n  a,\n  b,\n} from '../store/a.ts'", ['store']],
    ["import '../store/a.ts'", ['store']],
    ["export { a } from '../store/a.ts'\nexport * from '../admin/b.ts'", ['store', 'admin']],
    ["const a = await import('../store/a.ts')", ['store']],
    ["type A = typeof import('../store/a.ts')", ['store']],
    ["// import { a } from '../store/a.ts'\n/* import '../store/a.ts' */", []],
    ["import a from './other.ts'", ['proxy']],
  ])('reads %j', (text, rooms) => {
    expect(importsOf('proxy/file.ts', text).map(({ room }) => room)).toEqual(rooms)
  })
})

function importsOf(from: string, text: string): Import[] {
  const code = withoutComments(text)
  const statement =
    /^\s*(?:import|export)\b[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm
  const call = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g
  const specifiers = [...code.matchAll(statement), ...code.matchAll(call)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  return specifiers.map((specifier) => {
    if (!specifier.startsWith('.')) return { from, file: undefined, room: undefined, specifier }
    const file = relative(src, resolve(src, dirname(from), specifier))
    return { from, file, room: roomOf(file), specifier }
  })
}

/** Each set of files that reach each other, and each file that reaches itself. */
function ringsOf(edges: readonly Pick<Import, 'from' | 'file'>[]): string[][] {
  const imported = Map.groupBy(edges, ({ from }) => from)
  const reach = (from: string, reached = new Set<string>()): Set<string> => {
    for (const { file } of imported.get(from) ?? []) {
      if (file !== undefined && !reached.has(file)) reach(file, reached.add(file))
    }
    return reached
  }
  const reached = new Map([...imported.keys()].map((file) => [file, reach(file)]))
  return [...reached].flatMap(([file, below]) => {
    const ring = [...below].filter((other) => reached.get(other)?.has(file)).sort()
    // Every file of a ring finds it; its first one reports it.
    return ring[0] === file ? [ring] : []
  })
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

function roomOf(file: string): string {
  return file.split(/[/\\]/)[0] ?? file
}

function floorOf(room: string): number {
  return floors.findIndex((floor) => floor.includes(room))
}
