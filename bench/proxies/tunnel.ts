import { type AddressInfo, connect, createServer } from 'node:net'
import { serve, startedWith, usage } from '../child.ts'

/** The least that a proxy in Node can do: it copies bytes between two sockets. */
const { originPort } = startedWith<{ originPort: number }>()

const server = createServer({ noDelay: true }, (client) => {
  client.once('data', () => {
    const origin = connect({ host: '127.0.0.1', port: originPort, noDelay: true }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(origin)
      origin.pipe(client)
    })
    origin.on('error', () => client.destroy())
    origin.on('close', () => client.destroy())
    client.on('close', () => origin.destroy())
  })
  client.on('error', () => client.destroy())
})

server.listen(0, '127.0.0.1', () => serve({ port: (server.address() as AddressInfo).port }, { usage }))
