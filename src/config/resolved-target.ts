/** The entry of `resolve` for a host and port, if any. An entry with the port wins. */
export function resolveEntry(
  resolve: ReadonlyMap<string, string>,
  host: string,
  port: number,
): string | undefined {
  const name = host.includes(':') ? `[${host}]` : host
  return resolve.get(`${name}:${port}`) ?? resolve.get(name)
}

/** The target of a host and port by the configuration's `resolve`. @param host IPv6 without brackets */
export function targetOf(
  resolve: ReadonlyMap<string, string>,
  host: string,
  port: number,
): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(resolveEntry(resolve, host, port) ?? '')
  if (match === null) return { host, port }
  return { host: match[1] ?? match[2] ?? host, port: match[3] === undefined ? port : Number(match[3]) }
}
