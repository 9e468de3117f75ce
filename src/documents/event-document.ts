import type { NumberedEvent } from '../sessions/session-events.ts'
import type { Document } from './document.ts'
import { fromWire } from './from-wire.ts'
import { timeOf } from './time-of.ts'

/** An event of `GET /events`. */
export function eventDocument({ at, event }: NumberedEvent) {
  return {
    schema: 'hallpass.event/1',
    type: event.type,
    at: timeOf(at),
    session: event.session,
    host: 'host' in event ? event.host : null,
    cookies: 'cookies' in event ? event.cookies.map(fromWire) : [],
    credential: 'credential' in event ? event.credential : null,
  } as const satisfies Document
}
