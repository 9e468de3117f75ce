import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A token endpoint under test control: refresh token R1 gives A2 and R2, that gives A3 and R3, each once. */
export class TokenEndpoint implements AsyncDisposable {
  /** Refresh tokens as they came. */
  readonly spent: string[] = []
  /** The endpoint waits for this before it answers. */
  before: () => Promise<void> = async () => {}
  /** The answer in place of new tokens. */
  refusal: { readonly status: number; readonly error: string } | undefined
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    server.on('request', async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const sent = new URLSearchParams(body).get('refresh_token') ?? ''
      this.spent.push(sent)
      server.emit('spent')
      await this.before()
      const next = Number(sent.slice(1)) + 1
      const known = this.spent.filter((each) => each === sent).length === 1
      const { status, error } =
        this.refusal ?? (known ? { status: 200 } : { status: 400, error: 'invalid_grant' })
      const answer =
        status === 200
          ? { access_token: `A${next}`, refresh_token: `R${next}`, token_type: 'Bearer' }
          : { error }
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`
  }

  /** Settles once a refresh token has come. */
  async asked(): Promise<void> {
    if (this.spent.length === 0) await once(this.#server, 'spent')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

export async function tokenEndpoint(): Promise<TokenEndpoint> {
  const server = createServer()
  const endpoint = new TokenEndpoint(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return endpoint
}
