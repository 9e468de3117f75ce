import { styleText } from 'node:util'
import { spelledOut } from '../log/printable.ts'

type Style = Parameters<typeof styleText>[0]

/** A piece of a line in a colour. */
export interface Painted {
  readonly style: Style
  readonly text: string
}

/** One line for a person. Colours are named and not written as escapes, so that every escape in a text is foreign. */
export type Text = string | Painted | readonly (string | Painted)[]

export function painted(style: Style, text: string): Painted {
  return { style, text }
}

/**
 * Foreign text (a cookie's name, a server's error, a file's path) made safe to show. Attacks: ESC or a C1 control drives the
 * terminal, a line break forges a line of ours, a direction control makes one host read as another. Each is spelled out.
 */
export function visible(text: string): string {
  return spelledOut(text)
}

/** As `visible`, for texts of several lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}

/** The line without its colours: what a column's width is counted by. */
export function uncoloured(text: Text, edit: (piece: string) => string): string {
  return piecesOf(text)
    .map((piece) => edit(typeof piece === 'string' ? piece : piece.text))
    .join('')
}

export function forStream(text: Text, stream: NodeJS.WriteStream, edit: (piece: string) => string): string {
  const inColour = takesColour(stream)
  return piecesOf(text)
    .map((piece) => {
      if (typeof piece === 'string') return edit(piece)
      const shown = edit(piece.text)
      return inColour ? styleText(piece.style, shown, { stream, validateStream: false }) : shown
    })
    .join('')
}

/** https://no-color.org and https://force-color.org; a dumb terminal and a CI log would print the escapes. */
export function takesColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM, CI } = process.env
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0'
  return stream.isTTY === true && !NO_COLOR && TERM !== 'dumb' && !CI
}

function piecesOf(text: Text): readonly (string | Painted)[] {
  return typeof text === 'string' || 'style' in text ? [text] : text
}
