/** A proxy URL without the client token. */
export function withoutCredentials(proxyUrl: string): string {
  return new URL(proxyUrl).origin
}
