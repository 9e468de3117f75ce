import type { Source } from '../../../config/load-config.ts'

/** Where a value comes from: `default`, `HALLPASS_LISTEN`, `/path/config.yaml:3`. */
export function sourceText(source: Source): string {
  switch (source.from) {
    case 'default':
      return 'default'
    case 'file':
      return `${source.file}:${source.line}`
    case 'environment':
    case 'flag':
      return source.name
  }
}
