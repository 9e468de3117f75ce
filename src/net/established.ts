import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Settles when the socket is connected and, for TLS, when its certificate is accepted. Rejects with the socket's error,
 * or with the reason of `signal`, and destroys the socket.
 */
export async function established(socket: Socket, signal: AbortSignal): Promise<void> {
  const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect'
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onClose = () => reject(new Error('connection closed'))
  const onAbort = () => reject(signal.reason)
  // Stays: without a listener, an error between now and the next user of the socket would end the process.
  socket.on('error', reject)
  socket.once(event, resolve).once('close', onClose)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    await promise
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    socket.off(event, resolve).off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
}
