/** What `resolve` says of a host and port, if anything: the port's own entry goes before the host's. */
export function resolveEntry(
  resolve: ReadonlyMap<string, string>,
  host: string,
  port: number,
): string | undefined {
  const name = host.includes(':') ? `[${host}]` : host
  return resolve.get(`${name}:${port}`) ?? resolve.get(name)
}

/** Where a host and port really are, by the configuration's `resolve`. @param host IPv6 without brackets */
export function targetOf(
  resolve: ReadonlyMap<string, string>,
  host: string,
  port: number,
): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(resolveEntry(resolve, host, port) ?? '')
  if (match === null) return { host, port }
  return { host: match[1] ?? match[2] ?? host, port: match[3] === undefined ? port : Number(match[3]) }
}
