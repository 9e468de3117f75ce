import fc from 'fast-check'

/** The bytes to insert, or to put in the place of others: readers have disagreed on them. */
const fragments = [
  '\r', '\n', '\r\n', '\r\n\r\n', '\n\n', '\0', '\t', '\v', '\f', ' ', '  ', '\x7f', '\x80', '\x85', '\xa0', '\xff', '\x01',
  ':', ';', ',', '=', '"', '\\', '#', '?', '/', '*', '@', '%00', '-', '+', '_', '.', '0', '1', '5', 'a', 'f', 'x', '0x', '00',
  '0\r\n\r\n', '5\r\nhello\r\n', ';a=b', ' ;a', ';a="b"', 'chunked', ', chunked', 'identity', 'gzip, ', 'close', 'upgrade',
  'Host: b.example\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'Content-Length: 6\r\n', 'Content-Length:\r\n',
  'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer-Encoding : chunked\r\n', ' folded\r\n', 'X: y\r\n',
  'Connection: close\r\n', 'Connection: keep-alive\r\n', 'Connection: upgrade\r\n', 'Upgrade: websocket\r\n', 'Expect: 100-continue\r\n',
  'HTTP/1.0', 'HTTP/1.1', ' HTTP/1.1', 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n', 'HEAD', 'CONNECT', 'HTTP/1.1 200 OK\r\n', '100', '204', '304',
] as const // biome-ignore format: a table

type Mutation = (text: string) => string

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const fragment = fc.constantFrom(...fragments)

function at(text: string, where: number): number {
  return Math.floor(where * (text.length + 1))
}

function splitLines(text: string): string[] {
  return text.split(/(?<=\r\n)/)
}

/** Near the framing rather than inside a long value: a border between two kinds of characters. */
function border(text: string, where: number): number {
  const borders = [...text.matchAll(/(?<=[\r\n:;, ])(?=.)|(?=[\r\n:;, ])/gs)].map(({ index }) => index)
  return borders[Math.floor(where * borders.length)] ?? at(text, where)
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fragment).map(
    ([where, put]): Mutation =>
      (text) => {
        const index = border(text, where)
        return text.slice(0, index) + put + text.slice(index)
      },
  ),
  fc.tuple(place, fragment).map(
    ([where, put]): Mutation =>
      (text) => {
        const index = at(text, where)
        return text.slice(0, index) + put + text.slice(index + 1)
      },
  ),
  fc.tuple(place, fc.nat(255)).map(
    ([where, byte]): Mutation =>
      (text) => {
        const index = at(text, where)
        return text.slice(0, index) + String.fromCharCode(byte) + text.slice(index + 1)
      },
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 4 })).map(
    ([where, length]): Mutation =>
      (text) => {
        const index = border(text, where)
        return text.slice(0, index) + text.slice(index + length)
      },
  ),
  place.map(
    (where): Mutation =>
      (text) =>
        text.slice(0, at(text, where)),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Mutation =>
      (text) => {
        const lines = splitLines(text)
        const line = lines[Math.floor(from * lines.length)] ?? ''
        return lines.toSpliced(Math.floor(to * lines.length), 0, line).join('')
      },
  ),
  fc.tuple(place, place).map(
    ([from, to]): Mutation =>
      (text) => {
        const lines = splitLines(text)
        const [line = ''] = lines.splice(Math.floor(from * lines.length), 1)
        return lines.toSpliced(Math.floor(to * lines.length), 0, line).join('')
      },
  ),
  place.map(
    (where): Mutation =>
      (text) =>
        splitLines(text)
          .toSpliced(Math.floor(where * splitLines(text).length), 1)
          .join(''),
  ),
)

/** A connection's bytes: one or two of the corpus, changed in up to three places. */
export function mutated(corpus: readonly string[]): fc.Arbitrary<string> {
  // The few long ones say all they have to say unchanged, and their mutants would only take time.
  const short = corpus.filter((text) => text.length < 1_500)
  return fc
    .tuple(
      fc.array(fc.constantFrom(...short), { minLength: 1, maxLength: 2 }),
      fc.array(mutation, { minLength: 0, maxLength: 3 }),
    )
    .map(([texts, mutations]) => mutations.reduce((text, mutate) => mutate(text), texts.join('')))
}

/** The same bytes in pieces: where a network cut them. */
export function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  const borders = [...new Set([0, ...places.map((where) => at(text, where)), bytes.length])].sort(
    (a, b) => a - b,
  )
  return borders.slice(1).map((border, index) => bytes.subarray(borders[index], border))
}

export const cutPlaces: fc.Arbitrary<number[]> = fc.array(place, { maxLength: 3 })
