import { METHODS } from 'node:http'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { compare } from './compare.ts'
import { requestCorpus, responseCorpus } from './message-corpus.ts'
import { cut, cutPlaces, mutated } from './message-mutations.ts'
import { NodeRequestReader, readResponsesByNode } from './node-reading.ts'
import { readRequests, readResponses } from './own-reading.ts'

/**
 * The same bytes to our codec and to node's parser (llhttp, strict as it comes): the same messages with the same borders,
 * or both refuse. The two tables list every other outcome; whatever is not in them is a failure.
 */

/** Messages that ours refuses and node takes: our error, and the reason. */
const stricter: Readonly<Record<string, string>> = {
  'Host is not a host and a port': 'two readers of one odd authority see two hosts',
  'there is more than one Host': 'one reader routes by the first, another by the last',
  'a CONNECT has a body': 'node takes it for the tunnel, another reader for a body',
  'a chunk line is too long': 'bounded',
  'a chunk size is too large': 'beyond what a double counts exactly',
  'the Content-Length is not a plain decimal number': 'a leading zero is octal to some; beyond a petabyte',
  'the Transfer-Encoding is not exactly chunked': 'other codings are not spoken here',
  'there is a Transfer-Encoding in HTTP/1.0':
    'HTTP/1.0 has no transfer coding, so one reader in two looks only at the length',
  'only HTTP/1.0 and HTTP/1.1 are spoken here': 'node takes 0.9 and 2.0 for some kind of 1.x',
  'the head is too large': 'bounded',
  'the start line is too long': 'bounded',
  'the trailers are too large': 'bounded',
  'there are too many header lines': 'bounded',
  'the request line is not method, target and version': 'node skips CR and LF where a message could begin',
  'the method is not a token': 'node skips LF where a message could begin',
  'there is an LF without CR': 'node skips LF where a message could begin',
  'there is a CR without LF': 'node skips CR where a message could begin',
  'there are empty lines instead of a request': 'one is skipped, not any number',
  incomplete: 'node drops a CR behind the last message, ours waits for its LF',
  'the request target is not in a form that its method allows':
    'RFC 9112, 3.2: forms by method, no fragment, strict host',
  'the status line is not version, status and reason':
    'node takes any three digits, and empty lines before it',
  'there is a NUL in the head': 'curl and Chromium refuse it in a reason phrase too',
  'a 103 response has a body':
    'RFC 9110, 8.6 forbids it; who believes the length takes the next response for it',
  'a 100 response has a body': 'as 103',
  'a 101 response has a body': 'as 103',
}

/** Messages that ours takes and node refuses, by node's code. The target's and the method's borders are the same to every reader. */
const laxer: Readonly<
  Record<string, (first: { method: string; target: string }, repairs: readonly string[]) => boolean>
> = {
  // Methods are tokens (RFC 9110, 9.1), and WebDAV, CalDAV and caches have more of them than node's list.
  HPE_INVALID_METHOD: ({ method }) => !METHODS.includes(method),
  // Methods of RTSP and ICY, which node knows and takes only with their own protocol names.
  HPE_INVALID_CONSTANT: ({ method }) => !METHODS.includes(method) || method === 'SOURCE',
  // RFC 9110, 5.6.3: a reader takes blanks around `;` and `=` of a chunk extension. They do not go on.
  HPE_INVALID_CHUNK_SIZE: (_, repairs) => repairs.includes('the chunk framing'),
  // curl and others send a path in UTF-8 as it was typed; no reader takes such a byte for a border.
  // RFC 3986, 3.1: a scheme may have digits, `+`, `-` and `.`. The proxy refuses each but http.
  HPE_INVALID_URL: ({ target }) => /[\x80-\xff]/.test(target) || /^[a-z]+[0-9+.-][a-z0-9+.-]*:/i.test(target),
}

const used = new Set<string>()
const runs = 30_000

function judge(
  text: string,
  own: Pick<ReturnType<typeof readRequests>, 'messages' | 'repairs'>,
  verdict: ReturnType<typeof compare>,
  nodeCount: number,
) {
  const said = JSON.stringify(text.slice(0, 1_000))
  if (verdict.kind === 'different') expect.fail(`${verdict.detail}: ${said}`)
  if (verdict.kind === 'stricter') {
    used.add(verdict.reason)
    if (!(verdict.reason in stricter)) expect.fail(`refused by ours alone, "${verdict.reason}": ${said}`)
    if (verdict.reason === 'incomplete') expect(text.endsWith('\r')).toBe(true)
  }
  if (verdict.kind === 'laxer') {
    used.add(verdict.reason)
    const first = own.messages[nodeCount]
    if (first === undefined || laxer[verdict.reason]?.(first, own.repairs) !== true) {
      expect.fail(`taken by ours alone, ${verdict.reason}: ${said}`)
    }
  }
}

describe('requests, read by our codec and by a node:http server', () => {
  const node = new NodeRequestReader()

  async function check(text: string, places: readonly number[]): Promise<void> {
    const chunks = cut(text, places)
    const own = readRequests(chunks)
    const theirs = await node.read(chunks)
    const verdict = compare(own, theirs)
    judge(text, own, verdict, theirs.messages.length)
    if (own.messages.length === 0 || verdict.kind === 'laxer') return
    // The next hop reads the same message as ours.
    const onward = await node.read(own.relayed)
    if (compare({ ...own, outcome: 'clean', reason: 'end' }, onward).kind !== 'same') {
      expect.fail(`passed on, it is something else: ${JSON.stringify(text.slice(0, 1_000))}`)
    }
  }

  it.each(requestCorpus.map((text) => [JSON.stringify(text.slice(0, 120)), text]))(
    'agree on %s',
    async (_, text) => {
      await check(text, [])
      await check(text, [0.2, 0.5, 0.9])
    },
  )

  it('agree on a scheme with a digit (seed 1724467935)', async () => {
    await check('OPTIONS http0://a.example HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', [])
  })

  it('agree on mutants of them, however the bytes are cut', async () => {
    await fc.assert(fc.asyncProperty(mutated(requestCorpus), cutPlaces, check), { numRuns: runs })
  })

  it('agree on bytes that only look like requests', async () => {
    const piece = fc.constantFrom(
      'GET ',
      'POST ',
      '/',
      ' HTTP/1.1',
      '\r\n',
      'Host: a',
      'Content-Length: 3',
      'X:',
      'abc',
      ':',
      ' ',
      '\n',
      '\0',
      '0',
    )
    const text = fc.array(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 3 }) }), { maxLength: 14 }).map((parts) => parts.join('')) // biome-ignore format: one line
    await fc.assert(fc.asyncProperty(text, cutPlaces, check), { numRuns: runs / 3 })
  })
})

describe('responses, read by our codec and by a node:http client', () => {
  async function check(method: string, text: string, places: readonly number[]): Promise<void> {
    const chunks = cut(text, places)
    const own = readResponses(method, chunks)
    const status = own.messages[0]?.status ?? (own.outcome === 'incomplete' ? statusOf(text) : 200)
    // Node hands over every answer to CONNECT unread, an interim or a refusal too, also one whose body never came.
    if (method === 'CONNECT' && (status < 200 || status > 299)) return
    // A repaired response is what curl and Chromium make of it (docs/wire.md), not node. It must go on as one that node reads.
    if (own.repairs.length === 0) {
      const theirs = await readResponsesByNode(method, chunks)
      const verdict = compare(own, theirs)
      judge(text, { ...own, messages: [] }, verdict, 0)
    }
    if (own.outcome === 'refused' || own.messages.length === 0) return
    const onward = await readResponsesByNode(method, own.relayed)
    if (compare({ ...own, outcome: 'clean', reason: 'end' }, onward).kind !== 'same') {
      expect.fail(`passed on, it is something else: ${JSON.stringify(text.slice(0, 1_000))}`)
    }
  }

  it.each(responseCorpus.map((text) => [JSON.stringify(text.slice(0, 120)), text]))(
    'agree on %s',
    async (_, text) => {
      for (const method of ['GET', 'HEAD', 'CONNECT']) {
        await check(method, text, [])
        await check(method, text, [0.2, 0.5, 0.9])
      }
    },
  )

  it('agree on CR CR LF before the status line (seed -850590712)', async () => {
    await check('GET', '\r\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', [])
  })

  it('agree on a refused CONNECT whose body never came (seeds -1434812437 and -1003588416)', async () => {
    await check('CONNECT', 'HTTP/1.1 999 OK\r\nContent-Length: 5\r\n\r\n', [])
  })

  it('agree on mutants of them, however the bytes are cut', async () => {
    const method = fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'CONNECT')
    await fc.assert(fc.asyncProperty(method, mutated(responseCorpus), cutPlaces, check), { numRuns: runs })
  })
})

/** Of a response that is not whole. */
function statusOf(text: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 200)
}

afterAll(() => {
  // A reason that nothing gives any more is taken out of the table: it would hide the next disagreement.
  const unused = [...Object.keys(stricter), ...Object.keys(laxer)].filter((reason) => !used.has(reason))
  expect(unused).toEqual([])
})
