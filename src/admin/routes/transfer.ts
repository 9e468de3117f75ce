import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { importDocument } from '../../documents/import-document.ts'
import { HallpassError } from '../../errors.ts'
import { allFormats, formatNamed, formatOf, formats } from '../../formats/formats.ts'
import { Source } from '../../formats/source.ts'
import { type Exported, gatherExport, heldKeys, writeExport } from '../../library/export-contents.ts'
import { Secret } from '../../secret.ts'
import { isBundle, openBundle, type SessionContents, sealBundle } from '../../sessions/bundle.ts'
import type { Importable } from '../../sessions/import-contents.ts'
import { siteOperand } from '../../sessions/place-operand.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { json, problems } from '../schemas/answers.ts'
import { importSchema } from '../schemas/import-schema.ts'
import { reveal, sessionPath } from '../schemas/shared-fields.ts'

const tags = ['import and export']

const site = z
  .union([z.string().max(300), z.array(z.string().max(300)).max(100)])
  .optional()
  .describe('only what belongs to this host and the hosts below it. It can be there several times')

const passphrase = z.object({
  'hallpass-passphrase': z.string().max(4096).optional().describe('of a bundle, percent-encoded'),
})

const bytes = { schema: z.string().openapi({ format: 'binary' }) }

const bring = createRoute({
  method: 'post',
  path: '/sessions/{id}/import',
  tags,
  summary: 'Import cookies and web storage',
  description:
    'The body is the file. All of it comes in, or nothing: `failed` names what was written all the same when the disk failed. `hallpass import --undo` takes the import back.',
  request: {
    params: sessionPath,
    headers: passphrase,
    query: z.strictObject({
      format: z
        .string()
        .max(40)
        .optional()
        .describe('a name of [formats.md](formats.md); else hallpass finds out'),
      mode: z.enum(['merge', 'replace']).default('merge'),
      dry_run: z.enum(['true', 'false']).optional(),
      site,
      credentials: z
        .enum(['true'])
        .optional()
        .describe('also bring the credentials of a bundle. Its author chose the hosts that they go to'),
    }),
    body: { required: true, content: { 'application/octet-stream': bytes } },
  },
  responses: { 200: json('what came in and what did not', importSchema), default: problems },
  'x-codeSamples': curl('--data-binary @cookies.txt http://hallpass/sessions/work/import'),
})

const names = formats.filter(({ exports }) => exports).map(({ name }) => name)

const take = createRoute({
  method: 'get',
  path: '/sessions/{id}/export',
  tags,
  summary: 'Export cookies and web storage',
  description:
    'The header `Hallpass-Left-Out` counts what the file does not hold: `2 expired cookies, SameSite of 1 cookie, localStorage of 1 origin`.',
  request: {
    params: sessionPath,
    headers: passphrase,
    query: z.strictObject({
      format: z
        .string()
        .max(40)
        .describe(`\`bundle\`, which is encrypted, or one of ${names.join(', ')}`),
      site,
      url: z
        .string()
        .max(65_536)
        .optional()
        .describe('in place of `site`, for the formats of one request: its URL'),
      reveal: reveal.describe('needed for every format but `bundle`'),
    }),
  },
  responses: {
    200: {
      description: 'the file',
      content: { 'application/octet-stream': bytes },
      headers: z.object({
        'Hallpass-Left-Out': z.string().optional().describe('how many items the file does not hold'),
      }),
    },
    default: problems,
  },
  'x-codeSamples': curl("'http://hallpass/sessions/work/export?format=netscape&reveal=true'"),
})

export function transferRoutes(api: OpenAPIHono, { sessions, store, noteRevealed }: ApiBackend): void {
  api.openapi(bring, async (context) => {
    const { format: wanted, mode, dry_run, site, credentials } = context.req.valid('query')
    const sites = [site ?? []].flat().map(siteOperand)
    const source = new Source(new Uint8Array(await context.req.arrayBuffer()))
    const key = () => passphraseOf(context.req.valid('header'))
    const { format, contents } = await read(source, wanted, sites, key)
    if (contents.credentials?.length && sites.length === 0 && credentials === undefined) {
      throw new HallpassError('usage', 'the bundle has credentials: add credentials=true, or name sites')
    }
    const session = await sessions.get(context.req.valid('param').id)
    const dryRun = dry_run === 'true'
    const report = await session.importInto(contents, {
      mode,
      dryRun,
      hosts: sites.length === 0 ? undefined : sites,
      undo: 'the admin API',
    })
    return context.json(importDocument(report, { session: session.name, format, mode, dryRun }), 200)
  })

  api.openapi(take, async (context) => {
    const { format: name, site, url, reveal } = context.req.valid('query')
    const format = name === 'bundle' ? undefined : await formatNamed(name)
    if (format === undefined && name !== 'bundle') throw noFormat(name)
    const key = format === undefined ? passphraseOf(context.req.valid('header')) : undefined
    if (key === undefined && reveal !== 'true') {
      throw new HallpassError('usage', 'the file would have values in clear: add reveal=true')
    }
    if (url !== undefined && (site !== undefined || format?.holds?.domain !== false)) {
      throw new HallpassError('usage', 'url is for a format of one request, and without site')
    }
    const session = await sessions.get(context.req.valid('param').id)
    const operands = url === undefined ? [site ?? []].flat() : [url]
    const gathered = await gatherExport(session, store, operands, format)
    const { cookies, origins, credentials } = gathered
    if (cookies.length + origins.length + credentials.length === 0) {
      throw new HallpassError('cookie-missing', `the session "${session.name}" has nothing to export`)
    }
    const { bytes, left, lost } =
      format === undefined || key !== undefined
        ? await bundle({ cookies, origins, credentials }, key ?? new Secret(''))
        : writeExport(format, gathered)
    if (cookies.length - left.length + heldKeys(origins, format) + credentials.length === 0) {
      const reason = left[0]?.reason ?? `the format ${name} holds no web storage`
      throw new HallpassError('cookie-missing', `nothing was exported: ${reason}`)
    }
    noteRevealed(session.name, `an export as ${name}`)
    const leftOut = [
      ...(left.length === 0 ? [] : [plural(left.length, 'cookie')]),
      ...(gathered.expired === 0 ? [] : [plural(gathered.expired, 'expired cookie')]),
      ...lost.map(({ what, count, of }) => `${what} of ${plural(count, of)}`),
    ]
    return context.body(new Uint8Array(bytes), 200, {
      'content-type': 'application/octet-stream',
      ...(leftOut.length > 0 && { 'hallpass-left-out': leftOut.join(', ') }),
    })
  })
}

async function bundle(contents: SessionContents, passphrase: Secret): Promise<Exported> {
  return { bytes: Buffer.from(await sealBundle(contents, passphrase)), left: [], lost: [] }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

async function read(
  source: Source,
  wanted: string | undefined,
  sites: readonly string[],
  passphrase: () => Secret,
): Promise<{ readonly format: string; readonly contents: Importable }> {
  if (wanted === 'bundle' || (wanted === undefined && isBundle(source.latin1))) {
    return { format: 'bundle', contents: await openBundle(source.latin1, async () => passphrase()) }
  }
  const format = wanted === undefined ? formatOf(source, await allFormats()) : await formatNamed(wanted)
  if (format === undefined) throw noFormat(wanted ?? '')
  const host = sites.length === 1 ? sites[0] : undefined
  return { format: format.name, contents: format.read(source, { now: Date.now(), host }) }
}

function noFormat(name: string): HallpassError {
  return new HallpassError('usage', `there is no format "${name}"`)
}

function passphraseOf({ 'hallpass-passphrase': text }: z.infer<typeof passphrase>): Secret {
  if (text === undefined) {
    throw new HallpassError('usage', 'a bundle needs its passphrase in the header Hallpass-Passphrase')
  }
  try {
    return new Secret(decodeURIComponent(text))
  } catch {
    throw new HallpassError('usage', 'Hallpass-Passphrase must be percent-encoded UTF-8')
  }
}
