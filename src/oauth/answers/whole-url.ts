/** The address in an answer. Some servers leave the origin out, and give a path. */
export function wholeUrl(address: string, url: URL): string {
  return /^\/(?!\/)/.test(address) ? new URL(address, url).href : address
}
