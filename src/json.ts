export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON object in a text; undefined for anything else. It never throws, because the parser's message would quote the text. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * The first of these fields that has a value: null and the empty text are no values. The writers of foreign JSON spell one name in
 * many ways, so `access_token` finds `accessToken` and `AccessToken` too. The exact name counts first.
 */
export function fieldOf(json: JsonObject, names: readonly string[]): unknown {
  const all = Object.entries(json).filter(([, value]) => value !== null && value !== '')
  for (const name of names) {
    const found = all.find(([key]) => key === name) ?? all.find(([key]) => bareName(key) === bareName(name))
    if (found !== undefined) return found[1]
  }
  return undefined
}

function bareName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}
