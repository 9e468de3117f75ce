import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { appHost, openStage } from '../demo/stage.ts'

/*
 * npm run picture [-- --check]
 *
 * Runs a session of commands against the site of the demo and draws the terminal as docs/terminal.svg.
 * --check draws nothing and fails when the commands print something else than the picture shows.
 */
const file = join(import.meta.dirname, '..', 'docs', 'terminal.svg')

interface Line {
  readonly text: string
  readonly kind: 'says' | 'types' | 'prints'
}

const drawn = svg(await terminal())
if (!process.argv.includes('--check')) {
  writeFileSync(file, drawn)
} else if (readFileSync(file, 'utf8') !== drawn) {
  console.error('docs/terminal.svg no longer shows what the commands print. Draw it again: npm run picture')
  process.exitCode = 1
}

/** Each line that the terminal shows. Nothing in it changes from run to run. */
async function terminal(): Promise<Line[]> {
  const stage = await openStage({ user: 'ada', password: 'open-sesame', apiToken: 'unused' })
  const lines: Line[] = []
  const step = async (says: string, typed: string, env?: NodeJS.ProcessEnv) => {
    const output = await stage.run(typed, env)
    lines.push({ kind: 'says', text: `# ${says}` })
    for (const [index, text] of typed.split('\n').entries())
      lines.push({ kind: 'types', text: `${index === 0 ? '$ ' : ''}${text}` })
    for (const text of output.trimEnd().split('\n')) lines.push({ kind: 'prints', text })
    lines.push({ kind: 'prints', text: '' })
  }
  try {
    await stage.run('hallpass ca path') // The first command of all makes the state folder, and says so.
    await step('curl alone is a stranger', `curl -s https://${appHost}/me`, stage.direct)
    await step(
      'sign in once, through hallpass',
      `printf 'user=ada&password=%s' "$PASSWORD" |\n    hallpass run --capture ${appHost} -- curl -s -d @- https://${appHost}/login`,
      { PASSWORD: 'open-sesame' },
    )
    await step('now curl is signed in', `hallpass run -- curl -s https://${appHost}/me`)
    await step('so is every other tool', `hallpass run -- wget -qO- https://${appHost}/me`)
    await step('and hallpass says why', `hallpass explain https://${appHost}/me`)
  } finally {
    await stage.close()
  }
  return lines.slice(0, -1)
}

/** A card with a background of its own, in the reader's light or dark. */
function svg(lines: readonly Line[]): string {
  const [size, height, margin, bar] = [14, 20, 20, 36]
  // A wide monospaced font takes 0.62 of its size for a character.
  const width = Math.ceil(Math.max(...lines.map(({ text }) => text.length)) * size * 0.62) + 2 * margin
  const total = bar + lines.length * height + margin
  const shown = lines.flatMap(({ kind, text }, index) =>
    text === ''
      ? []
      : [`<text class="${kind}" x="${margin}" y="${bar + index * height + size}">${escaped(text)}</text>`],
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" role="img" xml:space="preserve">
<title>A terminal: sign in once through hallpass, and curl and wget are signed in</title>
<style>
  svg { --card: #f6f8fa; --edge: #d0d7de; --says: #57606a; --types: #0550ae; --prints: #1f2328 }
  @media (prefers-color-scheme: dark) {
    svg { --card: #161b22; --edge: #30363d; --says: #8b949e; --types: #79c0ff; --prints: #e6edf3 }
  }
  .card { fill: var(--card); stroke: var(--edge) }
  .button { fill: var(--edge) }
  text { font: ${size}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
  .says { fill: var(--says) }
  .types { fill: var(--types); font-weight: 600 }
  .prints { fill: var(--prints) }
</style>
<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${total - 1}" rx="8"/>
${[0, 1, 2].map((n) => `<circle class="button" cx="${margin + 4 + n * 16}" cy="${bar / 2}" r="5"/>`).join('')}
${shown.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
