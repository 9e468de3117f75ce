/** Where a host and port really are, by the configuration's `resolve`. */
export function targetOf(
  resolve: ReadonlyMap<string, string>,
  host: string,
  port: number,
): { readonly host: string; readonly port: number } {
  const name = host.includes(':') ? `[${host}]` : host
  const mapped = resolve.get(`${name}:${port}`) ?? resolve.get(name)
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(mapped ?? '')
  if (match === null) return { host, port }
  return { host: match[1] ?? match[2] ?? host, port: match[3] === undefined ? port : Number(match[3]) }
}
