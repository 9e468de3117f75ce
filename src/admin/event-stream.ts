import { eventDocument } from '../documents/event-document.ts'
import type { NumberedEvent, SessionEvents } from '../sessions/session-events.ts'

/** Shows a reader, and whatever is between, that the connection lives. */
const keepAliveMs = 20_000

export interface EventStreamOptions {
  /** Identifies this process: its numbers begin at 1 again after a restart. */
  readonly epoch: string
  /** The id of the last event that the reader has; without it the stream begins now. */
  readonly lastId: string | undefined
  /** Only events of this session. */
  readonly session: string | undefined
  readonly ended: () => void
}

/**
 * Server-sent events, made one by one when the reader takes them. Attack: a thousand readers that never read would otherwise keep a
 * thousand queues.
 */
export function eventStream(
  events: SessionEvents,
  { epoch, lastId, session, ended }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  let wake = () => {}
  // A timer that is not cleared would stay for its 20 s after each event.
  const nextEvent = async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    const forget = events.onNext(resolve)
    const timer = setTimeout(resolve, keepAliveMs)
    await promise
    clearTimeout(timer)
    forget()
  }
  const known = lastId === undefined ? events.last : numberOf(lastId, epoch)
  // 0 for a number of another process, or one that there never was.
  let last = known <= events.last ? known : 0
  const take = async (): Promise<Uint8Array> => {
    for (;;) {
      const next = events.after(last)
      if (next === undefined) {
        await nextEvent()
        if (events.last === last) return encoder.encode(': still here\n\n')
        continue
      }
      const isMissed = next.number > last + 1
      const isOurs = session === undefined || next.event.session === session
      last = next.number
      if (isMissed) return encoder.encode(`${missed}${isOurs ? written(next, epoch) : ''}`)
      if (isOurs) return bytesOf(next, epoch)
    }
  }
  return new ReadableStream(
    {
      start: (controller) => {
        controller.enqueue(encoder.encode(`retry: 2000\n\n${known === last ? '' : missed}`))
      },
      pull: async (controller) => controller.enqueue(await take()),
      cancel: () => {
        wake()
        ended()
      },
    },
    { highWaterMark: 0 },
  )
}

const encoder = new TextEncoder()

/** All readers share them. */
const encoded = new WeakMap<NumberedEvent, Uint8Array>()

function bytesOf(event: NumberedEvent, epoch: string): Uint8Array {
  const known = encoded.get(event) ?? encoder.encode(written(event, epoch))
  encoded.set(event, known)
  return known
}

/** The reader must look at everything again. */
const missed = 'event: missed\ndata: {"schema":"hallpass.missed-events/1"}\n\n'

function written(event: NumberedEvent, epoch: string): string {
  const { type } = event.event
  return `id: ${epoch}-${event.number}\nevent: ${type}\ndata: ${JSON.stringify(eventDocument(event))}\n\n`
}

/** Infinite for an id of another process. */
function numberOf(id: string, epoch: string): number {
  const [, of, number] = /^(\w+)-(\d{1,15})$/.exec(id) ?? []
  return of === epoch ? Number(number) : Number.POSITIVE_INFINITY
}
