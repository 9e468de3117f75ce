/**
 * Sets one parameter of a request target: it replaces the first of that name and removes the others. All other bytes stay.
 * Names are compared decoded: a client's `api%5Fkey` beside our `api_key` would leave the choice to the server.
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

/** The decoded name of a `name=value` part. */
export function paramName(part: string): string {
  const equals = part.indexOf('=')
  const name = (equals === -1 ? part : part.slice(0, equals)).replaceAll('+', ' ')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
