import { type JsonObject, parseJsonObject } from '../../json.ts'

/** The object in a body, whatever its Content-Type says: JSON, or a form as old servers send it. undefined for anything else. */
export function answerObject(text: string): JsonObject | undefined {
  const json = parseJsonObject(text)
  if (json !== undefined) return json
  const form = text.trim()
  // One line of NAME=VALUE pairs. A page, or half of a JSON object, is no form.
  if (!/^[\w.-]+=[^\s<>"]*$/.test(form)) return undefined
  return Object.fromEntries(new URLSearchParams(form))
}
