import type { Socket } from 'node:net'
import { type Packet, packetsOf, sendPacket } from './packets.ts'

/** WebDriver BiDi (W3C) with a browser, as far as a window needs it. */
export class Bidi {
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #waiting = new Map<number, PromiseWithResolvers<Packet>>()
  readonly #listeners = new Map<string, (params: Packet) => void>()
  #last = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.closed = this.#receive()
  }

  /** Rejects with the browser's own words. */
  send(method: string, params: Packet = {}): Promise<Packet> {
    const answer = Promise.withResolvers<Packet>()
    if (!this.#socket.writable) {
      answer.reject(new Error('the browser has ended'))
      return answer.promise
    }
    this.#last += 1
    this.#waiting.set(this.#last, answer)
    sendPacket(this.#socket, { id: this.#last, method, params })
    return answer.promise
  }

  on(event: string, listener: (params: Packet) => void): void {
    this.#listeners.set(event, listener)
  }

  async #receive(): Promise<void> {
    try {
      for await (const packet of packetsOf(this.#socket)) this.#received(packet)
    } catch {
      // A browser that is killed breaks the connection: that is an end like another.
    }
    for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'))
    this.#waiting.clear()
  }

  #received(packet: Packet): void {
    if (packet.type === 'event') {
      this.#listeners.get(String(packet.method))?.(packet.params as Packet)
      return
    }
    const answer = this.#waiting.get(Number(packet.id))
    this.#waiting.delete(Number(packet.id))
    if (packet.type === 'success') answer?.resolve(packet.result as Packet)
    else answer?.reject(new Error(`${packet.error}: ${packet.message}`))
  }
}
