import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * node scripts/build.ts [--if-stale]
 *
 * `npx hallpass` in a clone links the clone into npm's cache, and runs `prepare` for that. A proxy may run from dist/ at
 * that time, and load parts of it later. So `prepare` builds only if the build is stale, and swaps in a finished build.
 */
const fresh = 'dist.new'
/** Packages that declare a licence and ship no text of it, with a package of the same authors that does. */
const sameLicence: Readonly<Record<string, string>> = {
  '@hono/zod-openapi': 'hono',
  '@hono/zod-validator': 'hono',
}

const inputs = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  ...filesBelow('src'),
]

if (!process.argv.includes('--if-stale') || changedAt(['dist/index.js']) < changedAt(inputs)) {
  rmSync(fresh, { recursive: true, force: true })
  const compiler = spawnSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (compiler.status !== 0) process.exit(1)
  await bundleCommandLine()
  rmSync('dist', { recursive: true, force: true })
  renameSync(fresh, 'dist')
}

/**
 * Bundles the command line with its imports into a few files of CommonJS. To look up and link some 400 modules took longer
 * than all other work of a command. A module that is imported when needed stays a file of its own.
 */
async function bundleCommandLine(): Promise<void> {
  const { build } = await import('rolldown')
  const { output } = await build({
    input: {
      main: 'src/cli/main.ts',
      'service-process': 'src/cli/commands/start/service-process.ts',
    },
    platform: 'node',
    // Native code, and a package that reads its own files. Most commands load neither.
    external: ['@napi-rs/keyring', 'playwright-core'],
    output: {
      dir: join(fresh, 'cli'),
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
    },
    checks: { ineffectiveDynamicImport: false },
  })
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  writeFileSync(join(fresh, 'cli', 'LICENSES.txt'), licensesOf(modules))
}

/** The notices of the bundled packages. Their licences require them in every copy. */
function licensesOf(modules: readonly string[]): string {
  const folders = modules.flatMap(
    (path) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path) ?? [],
  )
  const notices = [...new Set(folders)].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const text = licenceIn(folder) ?? licenceIn(join('node_modules', sameLicence[name] ?? name))
    if (text === undefined) throw new Error(`${folder} has no licence to go with the bundle`)
    return `${name} ${version}\n\n${text.trim()}\n`
  })
  return notices.join(`\n${'-'.repeat(80)}\n\n`)
}

function licenceIn(folder: string): string | undefined {
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8')
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.map((entry) => join(entry.parentPath, entry.name))
}

/** The latest time of change, or 0. A folder changes when a file in it is removed. */
function changedAt(paths: readonly string[]): number {
  return Math.max(...paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
