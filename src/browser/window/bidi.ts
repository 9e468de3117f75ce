/** What a page or a browser answers and tells, as it comes. */
type Message = Readonly<Record<string, unknown>>

/** A connection to a browser by WebDriver BiDi (W3C), as far as a window needs it. */
export class Bidi {
  readonly closed: Promise<void>
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, PromiseWithResolvers<Message>>()
  readonly #listeners = new Map<string, (params: Message) => void>()
  #last = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', () => {
        for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'))
        this.#waiting.clear()
        resolve()
      })
    })
    socket.addEventListener('message', ({ data }) => this.#received(JSON.parse(String(data))))
  }

  static async connect(url: string): Promise<Bidi> {
    const socket = new WebSocket(url)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true })
      socket.addEventListener('error', () => reject(new Error('it does not take a connection')), {
        once: true,
      })
    })
    return new Bidi(socket)
  }

  /** Rejects with the browser's own word for what went wrong. */
  send(method: string, params: Message = {}): Promise<Message> {
    const answer = Promise.withResolvers<Message>()
    if (this.#socket.readyState !== WebSocket.OPEN) {
      answer.reject(new Error('the browser has ended'))
      return answer.promise
    }
    this.#last += 1
    this.#waiting.set(this.#last, answer)
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }))
    return answer.promise
  }

  on(event: string, listener: (params: Message) => void): void {
    this.#listeners.set(event, listener)
  }

  close(): void {
    this.#socket.close()
  }

  #received(message: Message): void {
    if (message.type === 'event') {
      this.#listeners.get(String(message.method))?.(message.params as Message)
      return
    }
    const answer = this.#waiting.get(Number(message.id))
    this.#waiting.delete(Number(message.id))
    if (message.type === 'success') answer?.resolve(message.result as Message)
    else answer?.reject(new Error(`${message.error}: ${message.message}`))
  }
}
