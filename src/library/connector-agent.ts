import { Agent, type ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FailuresAs } from '../proxy/in-process.ts'
import type { Connector } from './connector.ts'

/**
 * An agent for the requests of node:http and node:https. A request is written in clear text into a connection of the connector,
 * and its TLS begins behind that.
 */
export class ConnectorAgent extends Agent {
  readonly #scheme: 'https' | 'http'
  readonly #connector: Connector
  readonly #failures: FailuresAs

  constructor(connector: Connector, scheme: 'https' | 'http', failures: FailuresAs) {
    // Kept connections, because an origin may tie a sign-in to one (NTLM).
    super({ keepAlive: true, protocol: `${scheme}:`, defaultPort: scheme === 'https' ? 443 : 80 })
    this.#scheme = scheme
    this.#connector = connector
    this.#failures = failures
  }

  override createConnection(
    { host, port }: ClientRequestArgs,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#connector.connect(this.#scheme, host ?? '', Number(port), this.#failures).then(
      (socket) => callback(null, socket),
      // Node reads no stream beside an error.
      (error: Error) => (callback as (error: Error) => void)(error),
    )
  }
}
