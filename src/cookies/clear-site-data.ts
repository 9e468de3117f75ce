/** Whether the values of Clear-Site-Data ask for cookies to go: a list of quoted strings, `"*"` meaning all types. */
export function clearsCookies(values: readonly string[]): boolean {
  return values
    .flatMap((value) => value.split(','))
    .map((item) => item.trim())
    .some((item) => item === '"cookies"' || item === '"*"')
}
