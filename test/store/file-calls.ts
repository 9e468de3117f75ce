import fs from 'node:fs'
import promises, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Called before and after each call to the file system on something below a folder; what it throws takes the place of
 * the call's result.
 */
export interface Watcher {
  before?(call: string): void
  after?(call: string): void
}

type AnyFunction = (...args: unknown[]) => unknown
type Module = Record<string, AnyFunction>

const syncCalls = [
  'openSync',
  'fsyncSync',
  'closeSync',
  'readFileSync',
  'fstatSync',
  'lstatSync',
  'lutimesSync',
  'statSync',
  'readdirSync',
  'unlinkSync',
]
const asyncCalls = ['open', 'rename', 'unlink', 'mkdir', 'rmdir', 'rm']
const handleCalls = ['writeFile', 'sync', 'close'] as const

/** Puts the watcher between the store and Node's own file system functions, for this process, until the returned function is called. */
export function watchFileCalls(folder: string, watcher: Watcher): () => void {
  const undo: (() => void)[] = []
  const descriptors = new Set<unknown>()
  const ours = (target: unknown) =>
    (typeof target === 'string' && target.startsWith(folder)) || descriptors.has(target)

  const replace = (module: Module, name: string, make: (real: AnyFunction) => AnyFunction) => {
    const real = module[name]
    if (real === undefined) throw new Error(`node has no ${name}`)
    module[name] = make(real)
    undo.push(() => {
      module[name] = real
    })
  }
  for (const name of syncCalls) {
    replace(fs as unknown as Module, name, (real) => (...args) => {
      if (!ours(args[0])) return real(...args)
      // A descriptor is closed even when close fails.
      if (name === 'closeSync') descriptors.delete(args[0])
      try {
        watcher.before?.(name)
      } catch (error) {
        if (name === 'closeSync') real(...args)
        throw error
      }
      const result = real(...args)
      if (name === 'openSync') descriptors.add(result)
      watcher.after?.(name)
      return result
    })
  }
  for (const name of asyncCalls) {
    replace(promises as unknown as Module, name, (real) => async (...args) => {
      if (!ours(args[0])) return real(...args)
      watcher.before?.(name)
      const result = await real(...args)
      if (name === 'open') watchHandle(result as FileHandle, watcher)
      watcher.after?.(name)
      return result
    })
  }
  syncBuiltinESMExports()
  return () => {
    for (const restore of undo) restore()
    syncBuiltinESMExports()
  }
}

function watchHandle(handle: FileHandle, watcher: Watcher): void {
  for (const name of handleCalls) {
    const real = (handle[name] as AnyFunction).bind(handle)
    const watched = async (...args: unknown[]) => {
      if (name === 'writeFile') {
        // A disk that fills up takes the first bytes of a write.
        const text = String(args[0])
        await real(text.slice(0, text.length / 2))
        args[0] = text.slice(text.length / 2)
      }
      try {
        watcher.before?.(name)
      } catch (error) {
        if (name === 'close') await real()
        throw error
      }
      const result = await real(...args)
      watcher.after?.(name)
      return result
    }
    Object.assign(handle, { [name]: watched })
  }
}

/** An error as a failing disk gives it. */
export function diskError(code: 'EIO' | 'ENOSPC' | 'EMFILE' | 'EDQUOT', call: string): Error {
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call, errno: -1 })
}
