import type { Socket } from 'node:net'
import { peerUids } from '../net/peer-uid.ts'

/**
 * The connections that have shown no client token. Their number is bounded apart from the others:
 * a user without a token could otherwise hold every connection of the proxy open, and shut its clients out.
 */
export class Strangers {
  /** Oldest first. */
  readonly #open = new Set<Socket>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  enter(socket: Socket): void {
    this.#open.add(socket)
    if (this.#open.size > this.#most) this.#makeRoom()
  }

  leave(socket: Socket): void {
    this.#open.delete(socket)
  }

  /**
   * The user with the most connections loses the oldest of them. So a flood by one user closes no connection of another. Half
   * of them goes at once, because to find the users costs a read of the system's table of sockets.
   */
  #makeRoom(): void {
    const uids = peerUids(this.#open)
    const byUser = Map.groupBy(this.#open, (socket) => uids.get(socket))
    const [largest = []] = [...byUser.values()].sort((a, b) => b.length - a.length)
    for (const socket of largest.slice(0, Math.ceil(largest.length / 2))) {
      this.#open.delete(socket)
      socket.destroy()
    }
  }
}
