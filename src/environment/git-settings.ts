import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { inPath, type ToolSetting } from './tool-settings.ts'

/** A proxy in git's configuration beats the proxy variables. GIT_SSL_CAINFO beats http.sslCAInfo, but the folder is another setting. */
const keys = String.raw`^(http\.(.*\.)?(proxy|sslcapath)|remote\..*\.proxy)$`

/** Reading some files takes git a few milliseconds. */
const withinMs = 5_000

/** The settings of git, which alone knows all its files, that beat the variables. */
export async function gitSettings(env: NodeJS.ProcessEnv): Promise<readonly ToolSetting[]> {
  if (!inPath('git', env)) return []
  const words = ['config', '--includes', '--show-origin', '--null', '--get-regexp', keys]
  try {
    const { stdout } = await promisify(execFile)('git', words, { env, timeout: withinMs })
    const parts = stdout.split('\0')
    return parts.flatMap((origin, at): ToolSetting[] => {
      const [key = '', value = ''] = parts[at + 1]?.split('\n') ?? []
      // An empty value means: no proxy of its own.
      if (at % 2 === 1 || key === '' || value === '') return []
      const kind = key.endsWith('proxy') ? 'proxy' : 'trust'
      return [{ tool: 'git', kind, key, where: origin.replace(/^file:/, '') }]
    })
  } catch {
    return [] // exit status 1: no such setting
  }
}
