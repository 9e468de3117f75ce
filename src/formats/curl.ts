import { cookieHeader } from '../cookies/cookie-header.ts'
import type { ReadOptions, WrittenFormat } from './format.ts'
import type { HeaderContext } from './given-cookie.ts'
import { header } from './header.ts'
import { bytesOf, fromWire } from './latin1.ts'
import { type CookiesRead, joined } from './read-each.ts'
import { readField, targetOf } from './request-field.ts'
import { shellCommands, type Word } from './shell-words.ts'
import { formatInvalid, type Source } from './source.ts'

// Neither goes over a line end in its blanks, nor can it share them out in two ways: a file may be nothing but blanks.
const command = /^[ \t]*(?:[$>%#][ \t]+)?curl(?:\.exe)?\s/im
const configLine =
  /^\s*-{0,2}(url|cookie|header|b|H)(?:\s*[=:]\s*|\s+)(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*))\s*$/
/** No server takes so much in a header, and an expression gives up on many times as much. */
const maxConfigLine = 1024 * 1024
const configNext = /^\s*(?:-{0,2}next|-:)\s*$/

/** Short options of curl that take a value, which is no URL then. */
const shortWithValue = 'AbcCdDeEFHhKmoPQrtTuUwxXyYz'

/** Long options without a value, as `curl --help all` has them; every other one has one. */
const longAlone = new RegExp(
  `^--(${[
    'no-.*|append|cert-status|compressed(-ssh)?|create-dirs|crlf|disable(-.*)?|disallow-.*|doh-(cert-status|insecure)',
    'fail(-.*)?|false-start|form-escape|ftp-(create-dirs|pasv|pret|skip-pasv-ip|ssl-ccc|ssl-control)|get|globoff',
    'haproxy-protocol|head|http\\d.*|ignore-.*|include|ipv[46]|junk-session-cookies|list-only|location(-trusted)?',
    'mail-rcpt-allowfails|manual|metalink|netrc(-optional)?|parallel(-immediate)?|path-as-is|post30[123]|progress-bar',
    '(proxy-)?(anyauth|basic|digest|insecure|negotiate|ntlm(-wb)?|ssl(-allow-.*|-auto-.*|-no-.*|-reqd|-revoke-.*)?|tlsv1.*)',
    'proxytunnel|raw|remote-.*|remove-on-error|retry-(all-errors|connrefused)|sasl-ir|show-(error|headers)|silent',
    'skip-existing|socks5-(basic|gssapi|gssapi-nec)|sslv[23]|styled-output|suppress-connect-headers|tcp-.*',
    'tftp-no-options|tr-encoding|trace-(time|ids)|use-ascii|verbose|version|xattr',
  ].join('|')})$`,
)

/** Requests as browsers copy them for curl, and as people type them; written as a config file for `curl -K`. */
export const curl: WrittenFormat = {
  detects({ latin1, lines }) {
    // Without quotes a line of a config file could be one of a request.
    return command.test(latin1) || lines.some((line) => line.includes('"') && configOption(line) !== null)
  },

  read(source, options) {
    const requests = command.test(source.latin1) ? commandsOf(source) : configOf(source)
    if (requests.length === 0) throw formatInvalid('no curl command line in it')
    return { ...joined(requests.map((request) => readRequest(request, options))), origins: [] }
  },

  holds: { ...header.holds, domain: false },

  write({ cookies, url }) {
    if (url === undefined) throw formatInvalid('a request needs a URL')
    // With its URL in it the file sends the cookies nowhere else.
    const lines = [`url = ${quoted(url)}`, `header = ${quoted(`Cookie: ${cookieHeader(cookies)}`)}`, '']
    return { bytes: bytesOf(lines.join('\n')), left: [] }
  },
}

interface Given {
  readonly kind: 'url' | 'cookie' | 'header'
  readonly text: string
  readonly line: number
  readonly expands: boolean
}

/** The options of one request. `--next` begins another request, perhaps to another host. */
type Request = readonly Given[]

function commandsOf({ latin1 }: Source): readonly Request[] {
  return shellCommands(latin1).flatMap((words) => {
    const at = words.findIndex(({ text }) => /^(.*[/\\])?curl(\.exe)?$/i.test(text))
    return at === -1 ? [] : requestsOf(words.slice(at + 1))
  })
}

function requestsOf(words: readonly Word[]): readonly Request[] {
  let given: Given[] = []
  const requests = [given]
  for (let at = 0; at < words.length; at++) {
    const { text, line, expands } = words[at] ?? noWord
    if (text === '--next' || text === '-:') {
      given = []
      requests.push(given)
      continue
    }
    const [option, attached] = optionOf(text)
    if (option === undefined) {
      given.push({ kind: 'url', text, line, expands })
      continue
    }
    if (!takesValue(option)) continue
    const value = attached === undefined ? (words[++at] ?? noWord) : { text: attached, expands }
    const kind = kindOf(option)
    if (kind !== undefined) given.push({ kind, text: value.text, line, expands: value.expands })
  }
  return requests
}

const noWord: Word = { text: '', line: 0, expands: false }

/** The option that a word is, and the value that hangs on it: `-bsid=1`, `--cookie=sid=1`; `-sSLb` ends in `-b`. */
function optionOf(word: string): readonly [option: string | undefined, attached?: string] {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=')
    return equals === -1 ? [word] : [word.slice(0, equals), word.slice(equals + 1)]
  }
  if (!word.startsWith('-') || word === '-') return [undefined]
  const end = [...word.slice(1)].findIndex((letter) => shortWithValue.includes(letter))
  if (end === -1) return [word]
  const rest = word.slice(end + 2)
  return rest === '' ? [`-${word[end + 1]}`] : [`-${word[end + 1]}`, rest]
}

function takesValue(option: string): boolean {
  if (option.startsWith('--')) return !longAlone.test(option)
  return option.length === 2 && shortWithValue.includes(option[1] ?? ' ')
}

function kindOf(option: string): Given['kind'] | undefined {
  if (option === '-b' || option === '--cookie') return 'cookie'
  if (option === '-H' || option === '--header') return 'header'
  return option === '--url' ? 'url' : undefined
}

function configOption(line: string): RegExpExecArray | null {
  return line.length > maxConfigLine ? null : configLine.exec(line)
}

/** The lines of a config file that matter. */
function configOf({ lines }: Source): readonly Request[] {
  const requests: Given[][] = [[]]
  for (const [index, text] of lines.entries()) {
    if (configNext.test(text)) requests.push([])
    const [, option = '', quoted = '', plain] = configOption(text) ?? []
    if (option === '') continue
    const kind = option === 'b' ? 'cookie' : option === 'H' ? 'header' : (option as Given['kind'])
    requests.at(-1)?.push({ kind, text: plain ?? unquoted(quoted), line: index + 1, expands: false })
  }
  return requests.filter((given) => given.length > 0)
}

function readRequest(given: Request, { host }: ReadOptions): CookiesRead {
  const url = given.find(({ kind }) => kind === 'url')
  const unicode = url && fromWire(url.text)
  const target = targetOf(unicode && withScheme(unicode), host)
  return joined(given.map((option) => readOption(option, target)))
}

function readOption({ kind, text, line, expands }: Given, target: HeaderContext | undefined): CookiesRead {
  const where = `line ${line}`
  if (kind === 'url') return { cookies: [], skipped: [] }
  if (kind === 'header') {
    const colon = text.indexOf(':')
    const name = text.slice(0, Math.max(0, colon)).trim()
    return readField({ where, name, value: text.slice(colon + 1), expands }, target)
  }
  if (text.includes('=')) return readField({ where, name: 'cookie', value: text, expands }, target)
  return { cookies: [], skipped: [{ where, reason: '-b names a file of cookies: import that file' }] }
}

/** curl takes a URL without a scheme for http. */
function withScheme(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
}

const configEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', v: '\v' }

function unquoted(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, character: string) => configEscapes[character] ?? character)
}

/** https://curl.se/docs/manpage.html#-K: within quotes these have escapes; a line break would be a new option. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\t', '\\t')}"`
}
