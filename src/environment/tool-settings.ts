import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** A setting of a tool's own that beats a variable of hallpass. */
export interface ToolSetting {
  readonly tool: string
  /** `proxy`: the tool goes around hallpass; `trust`: it refuses the certificates of hallpass. */
  readonly kind: 'proxy' | 'trust'
  readonly key: string
  /** The file. */
  readonly where: string
}

interface Tool {
  readonly program: string
  /** Also run under these names. */
  readonly aliases?: readonly string[]
  readonly files: (at: Places) => readonly string[]
  /** Only the first file that exists is read. */
  readonly first?: true
  /** Keys at the start of a line. */
  readonly proxy: RegExp
  readonly trust?: RegExp
}

interface Places {
  readonly home: string
  readonly config: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * What each tool reads before the proxy variables, or before the trust variable that hallpass sets for it. git has a command that
 * knows its files: see `git-settings.ts`.
 */
const tools: readonly Tool[] = [
  {
    program: 'curl',
    first: true,
    files: ({ env, home, config }) => [
      ...(env.CURL_HOME ? [join(env.CURL_HOME, '.curlrc'), join(env.CURL_HOME, 'curlrc')] : []),
      ...(env.XDG_CONFIG_HOME ? [join(config, 'curlrc')] : []),
      join(home, '.curlrc'),
      join(home, '.config', 'curlrc'),
    ],
    proxy: /^(?:--)?(?:proxy|preproxy|socks4a?|socks5|socks5-hostname|noproxy)(?=[\s=:]|$)|^-x/,
    trust: /^(?:--)?(?:cacert|capath|proxy-cacert)(?=[\s=:]|$)/,
  },
  {
    program: 'wget',
    files: ({ env, home }) => [env.WGETRC || join(home, '.wgetrc')],
    proxy: /^(?:https?_?proxy|no_?proxy|use_?proxy)(?=\s*=)/i,
    trust: /^ca_?(?:certificate|directory)(?=\s*=)/i,
  },
  {
    program: 'npm',
    aliases: ['npx', 'pnpm', 'yarn'],
    files: ({ env, home }) => [env.npm_config_userconfig || join(home, '.npmrc'), '.npmrc'],
    // Its cafile gives way to npm_config_cafile.
    proxy: /^(?:https-proxy|https_proxy|proxy|noproxy)(?=\s*=)/,
  },
  {
    program: 'pip',
    aliases: ['pip3', 'python', 'python3'],
    files: ({ env, home, config }) => [
      ...(env.PIP_CONFIG_FILE ? [env.PIP_CONFIG_FILE] : []),
      join(config, 'pip', 'pip.conf'),
      join(home, '.pip', 'pip.conf'),
    ],
    proxy: /^proxy(?=\s*[=:])/,
  },
  {
    program: 'cargo',
    files: ({ env, home }) => [join(env.CARGO_HOME || join(home, '.cargo'), 'config.toml')],
    proxy: /^(?:http\.)?proxy(?=\s*=)/,
  },
  {
    program: 'conda',
    aliases: ['mamba'],
    files: ({ home }) => [join(home, '.condarc')],
    proxy: /^proxy_servers(?=\s*:)/,
    trust: /^ssl_verify(?=\s*:\s*[/~.])/,
  },
  {
    program: 'gcloud',
    files: ({ env, config }) => [
      join(env.CLOUDSDK_CONFIG || join(config, 'gcloud'), 'configurations', 'config_default'),
    ],
    // Of its section `proxy`. Its custom_ca_certs_file gives way to the variable.
    proxy: /^address(?=\s*=)/,
  },
  {
    program: 'kubectl',
    aliases: ['helm'],
    files: ({ env, home }) => env.KUBECONFIG?.split(delimiter) ?? [join(home, '.kube', 'config')],
    proxy: /^proxy-url(?=\s*:)/,
  },
]

/**
 * The settings of tools in PATH that beat the variables.
 * @param only of this tool alone
 */
export function toolSettings(env: NodeJS.ProcessEnv, only?: string): readonly ToolSetting[] {
  const home = env.HOME || homedir()
  const places = { home, config: env.XDG_CONFIG_HOME || join(home, '.config'), env }
  return tools
    .filter(({ program }) => only === undefined || program === only)
    .filter(({ program, aliases = [] }) => [program, ...aliases].some((name) => inPath(name, env)))
    .flatMap((tool) => {
      const files = tool.files(places).filter((file) => existsSync(file))
      return (tool.first ? files.slice(0, 1) : files).flatMap((file) => settingsIn(tool, file))
    })
}

function settingsIn({ program, proxy, trust }: Tool, file: string): ToolSetting[] {
  return linesOf(file).flatMap((line): ToolSetting[] => {
    const [proxyKey] = proxy.exec(line) ?? []
    if (proxyKey !== undefined) return [{ tool: program, kind: 'proxy', key: proxyKey, where: file }]
    const [trustKey] = trust?.exec(line) ?? []
    return trustKey === undefined ? [] : [{ tool: program, kind: 'trust', key: trustKey, where: file }]
  })
}

/** Lines with a setting; none of a file that cannot be read. */
function linesOf(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.map((line) => line.trim()).filter((line) => !/^[#;]|^$/.test(line))
  } catch {
    return [] // the tool cannot read it either
  }
}

/** The tool that a program belongs to; undefined for one that may start any tool. */
export function toolOf(program: string): string | undefined {
  if (program === 'git') return 'git'
  // Python programs start other tools.
  if (program.startsWith('python')) return undefined
  return tools.find((tool) => tool.program === program || tool.aliases?.includes(program))?.program
}

/** Whether a program is in PATH. */
export function inPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, program)))
}
