/**
 * A request target with one parameter set: in the place of the first of that name, the others of that name gone.
 * Everything else stays byte for byte. Names are compared as servers read them, so that `api%5Fkey` does not stand beside
 * `api_key` with another value; which of two a server takes differs.
 */
export function setQueryParam(target: string, name: string, value: string): string {
  const at = target.indexOf('?')
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  if (at === -1) return `${target}?${pair}`
  const kept: string[] = []
  let replaced = false
  for (const part of target.slice(at + 1).split('&')) {
    if (paramName(part) !== name) kept.push(part)
    else if (!replaced) {
      kept.push(pair)
      replaced = true
    }
  }
  if (!replaced) {
    if (kept.length === 1 && kept[0] === '') kept.pop()
    kept.push(pair)
  }
  return `${target.slice(0, at)}?${kept.join('&')}`
}

export function hasQueryParam(target: string, name: string): boolean {
  const at = target.indexOf('?')
  return (
    at !== -1 &&
    target
      .slice(at + 1)
      .split('&')
      .some((part) => paramName(part) === name)
  )
}

/** The name of a `name=value` part, as servers read it. */
export function paramName(part: string): string {
  const equals = part.indexOf('=')
  const name = (equals === -1 ? part : part.slice(0, equals)).replaceAll('+', ' ')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
