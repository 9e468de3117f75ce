import { appendFileSync } from 'node:fs'
import { BrowsingUser } from '../support/browsing-user.ts'

/** As BROWSER: signs in at the page that it is to open, and notes what it was given. */
const url = process.argv.at(-1) ?? ''
if (process.env.BROWSER_LOG !== undefined) appendFileSync(process.env.BROWSER_LOG, `${url}\n`)
await new BrowsingUser().visit(url)
