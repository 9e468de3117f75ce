import { AdminClient } from '../../../admin/client.ts'
import { createdSessionDocument } from '../../../documents/session-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { endpointOf } from '../../../proxy/origin.ts'
import { spokenTime } from '../../../spoken-time.ts'
import { profilesFolder } from '../../../store/record-path.ts'
import type { Viewport } from '../../../store/session-traits.ts'
import type { Input, Run } from '../../command.ts'
import { secondsOf } from './seconds-of.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name] = input.args
  const ttl = input.text('ttl')
  const ttlSeconds =
    ttl === undefined ? undefined : secondsOf('--ttl', ttl, 'hallpass session create --ttl 2h')
  const renew = input.has('renew') ? undefined : false
  const traits = traitsOf(input)
  const { sessions, home } = await context.open()
  const { metadata } = await sessions.create({ name, ttlSeconds, renew, ...traits })
  const { createdAt, expiresAt, renew: renewed } = metadata
  if (output.json) {
    const running = await new AdminClient(home).running()
    output.print(
      createdSessionDocument(metadata, {
        userDataDir: profilesFolder(home, metadata.name),
        proxyUrl: running && `http://${endpointOf(running.host, running.port)}`,
      }),
    )
  } else {
    output.value(`${metadata.name}\n`)
  }
  if (expiresAt === undefined) {
    output.say('it stays until you remove it')
  } else {
    const left = spokenTime(Date.parse(expiresAt), Date.parse(createdAt))
    const unless = renewed ? ', unless it is used' : ''
    const other = ttl === undefined ? '; --ttl sets another time' : ''
    output.say(`it expires ${left} (${expiresAt})${unless}${other}`)
  }
  output.hint(`hallpass run --session ${metadata.name} --capture -- COMMAND`)
}

function traitsOf(input: Input) {
  return {
    userAgent: input.text('userAgent'),
    viewport: viewportOf(input.text('viewport')),
    locale: input.text('locale'),
    timeZone: input.text('timeZone'),
    fields: fieldsOf(input.list('field')),
  }
}

function viewportOf(text: string | undefined): Viewport | undefined {
  if (text === undefined) return undefined
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? []
  if (width !== undefined && height !== undefined) return { width: Number(width), height: Number(height) }
  throw new HallpassError('usage', '--viewport must be WIDTHxHEIGHT in pixels', {
    hint: 'hallpass session create --viewport 1280x800',
  })
}

function fieldsOf(texts: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  if (texts === undefined) return undefined
  const fields = texts.map((text) => {
    const equals = text.indexOf('=')
    if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)] as const
    throw new HallpassError('usage', '--field must be KEY=VALUE', {
      hint: 'hallpass session create --field owner=ada',
    })
  })
  return Object.fromEntries(fields)
}
