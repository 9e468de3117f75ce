import { cookieHeader } from '../cookies/cookie-header.ts'
import { domainOf } from './domain.ts'
import type { Format, Reading, ReadOptions, Skipped } from './format.ts'
import { cookiesOfHeader } from './given-cookie.ts'
import { header } from './header.ts'
import { shellCommands, type Word } from './shell-words.ts'
import { formatInvalid, type Source } from './source.ts'
import { bytesOf, fromWire } from './wire-text.ts'

const command = /^\s*(?:[$>%#]\s+)?curl(?:\.exe)?\s/im
const configLine = /^\s*-{0,2}(url|cookie|header|b|H)\s*[=:\s]\s*"((?:[^"\\]|\\.)*)"\s*$/

/** Short options of curl that take a value, which is no URL then. */
const shortWithValue = 'AbcCdDeEFHhKmoPQrtTuUwxXyYz'

/** Long options without a value, among those that people paste; every other one is taken to have one. */
const longAlone =
  /^--(no-.*|compressed|insecure|location|location-trusted|silent|show-error|include|head|verbose|get|fail.*|globoff|http\d.*|ipv[46]|tlsv1.*|sslv.*|remote-.*|progress-bar|junk-session-cookies|netrc.*|basic|digest|ntlm|negotiate|anyauth|path-as-is|raw|tcp-.*|parallel.*|styled-output|create-dirs|next)$/

/** Requests as browsers copy them for curl, and as people type them; written as a config file for `curl -K`. */
export const curl: Format = {
  name: 'curl',
  aliases: [],
  summary: 'curl command lines with -b or -H; written as a file for curl -K, of one URL',

  detects({ latin1, lines }) {
    return command.test(latin1) || lines.some((line) => configLine.test(line))
  },

  read(source, options) {
    const requests = command.test(source.latin1) ? commandsOf(source) : [configOf(source)]
    if (requests.length === 0) throw formatInvalid('no curl command line in it')
    const cookies: Reading['cookies'][number][] = []
    const skipped: Skipped[] = []
    for (const request of requests) {
      const read = readRequest(request, options)
      cookies.push(...read.cookies)
      skipped.push(...read.skipped)
    }
    return { cookies, origins: [], skipped }
  },

  ...(header.holds === undefined ? {} : { holds: { ...header.holds, domain: false } }),

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
}

function commandsOf({ latin1 }: Source): readonly (readonly Given[])[] {
  return shellCommands(latin1).flatMap((words) => {
    const at = words.findIndex(({ text }) => /^(.*[/\\])?curl(\.exe)?$/i.test(text))
    return at === -1 ? [] : [givenOf(words.slice(at + 1))]
  })
}

function givenOf(words: readonly Word[]): readonly Given[] {
  const given: Given[] = []
  for (let at = 0; at < words.length; at++) {
    const { text, line } = words[at] ?? { text: '', line: 0 }
    const [option, attached] = optionOf(text)
    if (option === undefined) {
      given.push({ kind: 'url', text, line })
      continue
    }
    if (!takesValue(option)) continue
    const value = attached ?? words[++at]?.text ?? ''
    const kind = kindOf(option)
    if (kind !== undefined) given.push({ kind, text: value, line })
  }
  return given
}

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

/** The lines of a config file that matter, as one request. */
function configOf({ lines }: Source): readonly Given[] {
  return lines.flatMap((text, index) => {
    const [, option = '', quoted = ''] = configLine.exec(text) ?? []
    if (option === '') return []
    const kind = option === 'b' ? 'cookie' : option === 'H' ? 'header' : (option as Given['kind'])
    return { kind, text: unquoted(quoted), line: index + 1 }
  })
}

function readRequest(given: readonly Given[], options: ReadOptions): Pick<Reading, 'cookies' | 'skipped'> {
  const cookies: Reading['cookies'][number][] = []
  const skipped: Skipped[] = []
  const url = given.find(({ kind }) => kind === 'url')
  const target = targetOf(url?.text, options.host)
  for (const { kind, text, line } of given) {
    const where = `line ${line}`
    const [, name = '', value = ''] = /^\s*([^:]+?)\s*:([\s\S]*)$/.exec(text) ?? []
    if (kind === 'cookie' && !text.includes('=')) {
      skipped.push({ where, reason: '-b names a file of cookies: import that file' })
    } else if (kind === 'header' && /^(proxy-)?authorization$/i.test(name)) {
      skipped.push({ where, reason: `an ${name} header is no cookie: hallpass token set keeps it` })
    } else if (kind === 'cookie' || (kind === 'header' && /^cookie$/i.test(name))) {
      if (target === undefined)
        skipped.push({ where, reason: 'no URL that says which host the cookies are of' })
      const found = target === undefined ? [] : cookiesOfHeader(kind === 'cookie' ? text : value, target)
      for (const cookie of found) cookies.push({ where, cookie })
    }
  }
  return { cookies, skipped }
}

/** curl takes a URL without a scheme for http. */
function targetOf(text: string | undefined, host: string | undefined) {
  const unicode = text === undefined ? undefined : fromWire(text)
  if (unicode === undefined) return host === undefined ? undefined : { host, secure: true }
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(unicode) ? unicode : `http://${unicode}`
  if (!/^https?:/i.test(whole) || !URL.canParse(whole)) return undefined
  const url = new URL(whole)
  const domain = domainOf(url.hostname)?.domain
  return domain === undefined ? undefined : { host: domain, secure: url.protocol === 'https:' }
}

const configEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', v: '\v' }

function unquoted(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, character: string) => configEscapes[character] ?? character)
}

/** https://curl.se/docs/manpage.html#-K: within quotes these have escapes; a line break would be a new option. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\t', '\\t')}"`
}
