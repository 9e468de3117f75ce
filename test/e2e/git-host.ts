import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface GitHost {
  readonly port: number
  close(): Promise<void>
}

/** Serves one repository, `project.git`, by git's own smart HTTP server behind Basic, as code hosts do. */
export async function startGitHost(
  tls: ServerOptions,
  login: { user: string; password: string },
): Promise<GitHost> {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-git-'))
  const work = join(folder, 'work')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@example.test', ...args], {
      stdio: 'pipe',
    })
  git('init', '-q', work)
  writeFileSync(join(work, 'hello.txt'), 'hello from a private repository\n')
  git('-C', work, 'add', '.')
  git('-C', work, 'commit', '-q', '-m', 'hello')
  git('clone', '-q', '--bare', work, join(folder, 'project.git'))
  const expected = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`

  const server = createServer(tls, (request, response) => {
    if (request.headers.authorization === expected) runBackend(folder, request, response)
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** CGI (RFC 3875) as far as git-http-backend needs it. */
function runBackend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://git')
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_USER: 'ada',
      REMOTE_ADDR: '127.0.0.1',
    },
  })
  request.pipe(backend.stdin)
  const chunks: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  backend.on('close', () => {
    const output = Buffer.concat(chunks)
    const end = output.indexOf('\r\n\r\n')
    const head = output.subarray(0, end).toString('latin1').split('\r\n')
    let status = 200
    for (const line of head) {
      const [name = '', ...rest] = line.split(': ')
      if (name.toLowerCase() === 'status') status = Number.parseInt(rest.join(': '), 10)
      else response.setHeader(name, rest.join(': '))
    }
    response.writeHead(status).end(output.subarray(end + 4))
  })
}
