import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { printable } from '../log/printable.ts'
import { isLoopbackHost } from '../rules/loopback.ts'
import { environmentValues } from './environment.ts'
import { issueProblems } from './issue-problems.ts'
import { configError, type Position, type Problem } from './problem.ts'
import { readConfigFile } from './read-file.ts'
import { type Said, saidBy } from './said.ts'
import { defaults, type Key, type Settings, settingsSchema } from './schema.ts'
import { parseYaml, type YamlFile } from './yaml-file.ts'

export interface ConfigOptions {
  /** The state folder. */
  readonly home: string
  /** The value of --config. */
  readonly file?: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** The values of other flags, in the form of the file. An unknown key is a problem. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined
}

/** The origin of a value. */
export type Source =
  | { readonly from: 'default' }
  | ({ readonly from: 'file'; readonly file: string } & Position)
  | { readonly from: 'environment'; readonly name: string }
  | { readonly from: 'flag'; readonly name: string }

export interface Config extends Settings {
  /** The path of the file, which may not exist. */
  readonly file: string
  readonly fileExists: boolean
  readonly fileHasText: boolean
  /** To compare with the configuration of another process. */
  readonly said: Said
  readonly sources: Readonly<Record<Key, Source>>
}

/** One value with its origin, before the check. */
interface Layer {
  readonly key: Key
  readonly value: unknown
  readonly source: Source
}

/** --config, else HALLPASS_CONFIG, else config/config.yaml of the state folder. */
export function configPath(options: Pick<ConfigOptions, 'home' | 'file' | 'env'>): string {
  const named = options.file || options.env.HALLPASS_CONFIG
  return named ? resolve(named) : join(options.home, 'config', 'config.yaml')
}

/**
 * The configuration: flags before environment before file before defaults, key by key.
 * @throws HallpassError 'config-invalid' with file, line and column, or with the variable; 'usage' with the flag
 */
export async function loadConfig(options: ConfigOptions): Promise<Config> {
  const { config, problems } = await checkConfig(options)
  if (config === undefined) throw configError(problems)
  return config
}

/** As loadConfig, but returns all problems in place of an exception. */
export async function checkConfig(
  options: ConfigOptions,
): Promise<{ readonly config?: Config; readonly problems: readonly Problem[] }> {
  const path = configPath(options)
  const text = readConfigFile(path)
  const named = options.file || options.env.HALLPASS_CONFIG
  if (text === undefined && named) {
    return {
      problems: [{ where: path, key: '', message: 'there is no such file', hint: 'hallpass config path' }],
    }
  }
  const problems: Problem[] = []
  const layers = [
    ...(text === undefined ? [] : await fileLayers(path, text, problems)),
    ...environmentValues(options.env).map(({ key, name, value }): Layer => {
      return { key, value, source: { from: 'environment', name } }
    }),
    ...flagLayers(options.flags ?? {}),
  ]
  const settings = layers.length === 0 ? {} : await checkLayers(layers, problems)
  if (problems.length > 0) return { problems }
  const sources: Record<string, Source> = Object.fromEntries(
    Object.keys(defaults).map((key) => [key, { from: 'default' }]),
  )
  for (const { key, source } of layers) sources[key] = source
  const config = {
    ...defaults,
    ...settings,
    file: path,
    fileExists: text !== undefined,
    fileHasText: Boolean(text),
    said: saidBy(path, text, options.env),
    sources: sources as Record<Key, Source>,
  }
  const exposed = exposedProblem(config)
  if (exposed !== undefined) return { problems: [exposed] }
  return { config: { ...config, upstreamCa: caFiles(config, options) }, problems }
}

async function fileLayers(path: string, text: string, problems: Problem[]): Promise<Layer[]> {
  const parsed = parseYaml(await import('yaml'), text)
  if ('problems' in parsed) {
    for (const { line, column, message } of parsed.problems) {
      problems.push({ where: `${path}:${line}:${column}`, key: '', message })
    }
    return []
  }
  const { value } = parsed
  // A file with only comments is null.
  if (value === null || value === undefined) return []
  if (typeof value !== 'object' || Array.isArray(value)) {
    problems.push({
      where: `${path}:1:1`,
      key: '',
      message: 'the file must have keys with values, such as "listen: 127.0.0.1:8787"',
    })
    return []
  }
  await checkFile(path, parsed, value, problems)
  return Object.entries(value).flatMap(([key, part]): Layer[] => {
    // A key whose entries are all commented out is null.
    if (!isKey(key) || part === null) return []
    return [{ key, value: part, source: { from: 'file', file: path, ...parsed.position([key], 'key') } }]
  })
}

/** Checks the whole file, also the keys that the environment or a flag overrides. */
async function checkFile(path: string, file: YamlFile, value: object, problems: Problem[]): Promise<void> {
  const { z } = await import('zod')
  const given = Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null))
  const result = settingsSchema(z).safeParse(given)
  const found = issueProblems(z, result.error?.issues ?? [], given).map((problem) => {
    return { ...problem, position: file.position(problem.path, problem.part) }
  })
  found.sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
  for (const { position, message, hint, path: keys } of found) {
    problems.push({ where: `${path}:${position.line}:${position.column}`, key: keyText(keys), message, hint })
  }
}

async function checkLayers(layers: readonly Layer[], problems: Problem[]): Promise<Partial<Settings>> {
  const { z } = await import('zod')
  const schema = settingsSchema(z)
  const winners = new Map(layers.map((layer) => [layer.key, layer]))
  const settings: Record<string, unknown> = {}
  for (const { key, value, source } of winners.values()) {
    const result = schema.safeParse({ [key]: value })
    if (result.success) settings[key] = result.data[key]
    else if (source.from === 'environment' || source.from === 'flag') {
      for (const { path, message } of issueProblems(z, result.error.issues, { [key]: value })) {
        problems.push({ where: source.name, key: keyText(path.slice(1)), message })
      }
    }
  }
  return settings
}

function flagLayers(flags: Readonly<Record<string, unknown>>): Layer[] {
  return Object.entries(flags).flatMap(([key, value]): Layer[] => {
    if (value === undefined) return []
    const name = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    // The schema refuses an unknown key.
    return [{ key: key as Key, value, source: { from: 'flag', name } }]
  })
}

/** The problem with an address that other machines can reach, unless the configuration allows it. */
function exposedProblem({ listen, listenBeyondLoopback, sources }: Config): Problem | undefined {
  const source = sources.listen
  if (listenBeyondLoopback || isLoopbackHost(listen.host) || source.from === 'default') return undefined
  const inFile = source.from === 'file'
  return {
    where: inFile ? `${source.file}:${source.line}:${source.column}` : source.name,
    key: inFile ? 'listen' : '',
    message: `other machines can reach ${listen.host}; only listenBeyondLoopback: true allows it`,
    hint: 'hallpass start --listen 127.0.0.1:8787',
  }
}

/** A relative path in a file starts at the file's folder, one in the environment at the working directory. */
function caFiles(config: Config, { env }: ConfigOptions): string[] {
  const source = config.sources.upstreamCa
  const base = source.from === 'file' ? dirname(source.file) : process.cwd()
  return config.upstreamCa.map((path) =>
    resolve(
      base,
      path.replace(/^~(?=\/)/, () => env.HOME || homedir()),
    ),
  )
}

/** `rules[0].hosts` */
function keyText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const name = printable(String(step))
    return text === '' ? name : `${text}.${name}`
  }, '')
}

function isKey(key: string): key is Key {
  return Object.hasOwn(defaults, key)
}
