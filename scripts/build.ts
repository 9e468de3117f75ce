import { spawnSync } from 'node:child_process'
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/*
 * node scripts/build.ts [--if-stale]
 *
 * `npx hallpass` in a clone links the clone into npm's cache and runs `prepare` for that, perhaps below a proxy that runs
 * from dist/ and loads parts of it later. So prepare builds only what is stale, and a build is swapped in when it is whole.
 */
const fresh = 'dist.new'
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
  rmSync('dist', { recursive: true, force: true })
  renameSync(fresh, 'dist')
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.map((entry) => join(entry.parentPath, entry.name))
}

/** The latest time of change; that of a folder tells of a file that went. 0 when there is none. */
function changedAt(paths: readonly string[]): number {
  return Math.max(...paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
