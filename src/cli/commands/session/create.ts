import { AdminClient } from '../../../admin/client.ts'
import { createdSessionDocument } from '../../../documents/session-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { parseSeconds } from '../../../parse-seconds.ts'
import { endpointOf } from '../../../proxy/origin.ts'
import { spokenTime } from '../../../spoken-time.ts'
import { profilesFolder } from '../../../store/record-path.ts'
import type { Viewport } from '../../../store/session-traits.ts'
import type { Input, Run } from '../../command.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name] = input.args
  const ttl = input.text('ttl')
  const ttlSeconds = ttl === undefined ? undefined : parseSeconds(ttl)
  if (ttl !== undefined && ttlSeconds === undefined) {
    throw new HallpassError('usage', '--ttl must be a number with s, m, h or d: 90s, 30m, 2h or 7d', {
      hint: 'hallpass session create --ttl 2h',
    })
  }
  const traits = traitsOf(input)
  const { sessions, home } = await context.open()
  const { metadata } = await sessions.create({ name, ttlSeconds, ...traits })
  const { createdAt, expiresAt } = metadata
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
    output.say(`it expires ${left} (${expiresAt})${ttl === undefined ? '; --ttl sets another time' : ''}`)
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
