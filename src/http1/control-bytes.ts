import { Http1Error } from './http1-error.ts'

const cr = 0x0d
const lf = 0x0a

/**
 * Throws at bytes that no head may contain: bare CR, bare LF, any control character but TAB. `from` is where the bytes begin
 * that were not looked at before; a CR at the very end may still get its LF.
 */
export function checkControlBytes(bytes: Buffer, from: number): void {
  for (let index = Math.max(0, from - 1); index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    if (byte === cr) {
      if (index + 1 < bytes.length && bytes[index + 1] !== lf)
        throw new Http1Error('there is a CR without LF')
    } else if (byte === lf) {
      if (index === 0 || bytes[index - 1] !== cr) throw new Http1Error('there is an LF without CR')
    } else if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) {
      throw new Http1Error('there is a control character in the head')
    }
  }
}
