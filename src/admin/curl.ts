/** The example of a route. docs/api.md prints it, and a test runs it. */
export function curl(words: string): readonly { readonly lang: 'Shell'; readonly source: string }[] {
  return [{ lang: 'Shell', source: `curl --unix-socket "$SOCKET" ${words}` }]
}
