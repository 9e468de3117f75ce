import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { api, openApiDocument } from '../src/admin/api.ts'
import type { ApiBackend } from '../src/admin/api-backend.ts'
import { HeldBytes } from '../src/admin/held-body.ts'
import { apiPage } from './api-page.ts'

/*
 * npm run api-document [-- --check]
 *
 * Writes docs/api.md from the routes of src/admin/routes. --check writes nothing and fails when the page is out of date.
 */
const file = join(import.meta.dirname, '..', 'docs', 'api.md')

const introduction = `
# The admin API

<!-- Made from the routes in src/admin/routes by: npm run api-document -->

A running proxy answers other programs on a Unix socket: sessions, cookies, credentials, web storage. Only the user who started the proxy can open the socket. It is \`run/admin.sock\` in the state folder, unless that path is too long for a socket. \`hallpass status --json\` prints its path as \`admin_socket\`.

\`\`\`sh
SOCKET=~/.hallpass/run/admin.sock
\`\`\`

The examples below work on a session \`work\` that has cookies, web storage and a credential \`api\`. \`GET /openapi.json\` returns this page as an OpenAPI document. \`GET /metrics\` returns the numbers of [metrics.md](metrics.md) to Prometheus.

- A document is the same as a command prints with \`--json\`. \`schema\` names its form. Names are in snake_case, times are RFC 3339 in UTC.
- An error is a [problem](#problem) of the type \`application/problem+json\` (RFC 9457). Its \`code\` is one of [errors.md](errors.md).
- hallpass refuses a field or a parameter that it does not know, and a body, \`If-Match\` or \`If-None-Match\` on a write that does not take it. Then it changes nothing.
- Values of cookies, credentials and web storage, and client tokens, leave the routes of this page only with \`reveal=true\`. The log then says who got what, and never the value. \`hallpass run\` gets a client token on a route of its own. \`hallpass status\` lists the programs that hold one.
- An \`ETag\` names the state of a record. A write with \`If-Match: ETAG\` changes nothing when the record has another state, and answers 412. \`If-None-Match: *\` writes only what is not there yet.
- A body of JSON has at most 4 MiB, web storage 24 MiB, and a file to import 64 MiB. All bodies together have at most 80 MiB: one that finds no room gets 503.
`

// No handler runs, so no handler needs the backend.
const page = apiPage(openApiDocument(api({} as ApiBackend, new HeldBytes()), '1'), introduction)
if (!process.argv.includes('--check')) {
  writeFileSync(file, page)
} else if (readFileSync(file, 'utf8') !== page) {
  console.error('docs/api.md no longer shows the routes. Write it again: npm run api-document')
  process.exitCode = 1
}
