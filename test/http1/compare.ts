import { isDeepStrictEqual } from 'node:util'
import type { OwnReading } from './own-reading.ts'
import type { Reading } from './reading.ts'

type Verdict =
  /** Same messages, same end. */
  | { readonly kind: 'same' }
  /** Ours refused a message that node took. The reason must be in the table. */
  | { readonly kind: 'stricter'; readonly reason: string }
  /** Ours took a message that node refused. The reason must be in the other table. */
  | { readonly kind: 'laxer'; readonly reason: string }
  | { readonly kind: 'different'; readonly detail: string }

interface Message {
  readonly trailers: readonly string[]
}

/** Ours drops trailers that must not be there; the rest are node's, in node's order. */
function sameMessage<M extends Message>(own: M, node: M): boolean {
  const { trailers: ownTrailers, ...ownRest } = own
  const { trailers: nodeTrailers, ...nodeRest } = node
  return isDeepStrictEqual(ownRest, nodeRest) && isSubsequence(ownTrailers, nodeTrailers)
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let index = 0
  for (const text of whole) if (index < part.length && text === part[index]) index += 1
  return index === part.length
}

export function compare<M extends Message>(own: OwnReading<M>, node: Reading<M>): Verdict {
  const common = Math.min(own.messages.length, node.messages.length)
  for (let index = 0; index < common; index += 1) {
    const [ours, theirs] = [own.messages[index], node.messages[index]]
    if (ours === undefined || theirs === undefined || !sameMessage(ours, theirs)) {
      return { kind: 'different', detail: `message ${index} is another` }
    }
  }
  if (own.messages.length > common) return { kind: 'laxer', reason: node.reason }
  if (own.outcome === 'refused') {
    const both = node.messages.length === common && node.outcome === 'refused'
    return both ? { kind: 'same' } : { kind: 'stricter', reason: own.reason }
  }
  // Behind an upgrade, or behind the last message, ours looks at nothing: node may object to the bytes there.
  if (own.reason === 'upgrade' || own.reason === 'end') {
    return node.messages.length === common
      ? { kind: 'same' }
      : { kind: 'different', detail: 'node reads on behind the last message' }
  }
  if (node.messages.length > common)
    return { kind: 'different', detail: 'node sees a message that ours does not' }
  if (own.outcome === node.outcome) return { kind: 'same' }
  // Not taken, though not yet refused: the rest never came.
  if (own.outcome === 'incomplete' && node.outcome === 'refused') return { kind: 'same' }
  if (own.outcome === 'incomplete' && node.outcome === 'clean')
    return { kind: 'stricter', reason: 'incomplete' }
  return { kind: 'different', detail: `ours is ${own.outcome}, node is ${node.outcome}` }
}
