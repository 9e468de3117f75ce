import { type Place, valueOptions } from './words.ts'

/** A completion function for bash 3.2 and later; macOS still has 3.2, so no associative arrays. */
export function bash(places: readonly Place[], childTakers: readonly string[]): string {
  const deeper = places.map((place) => place.path).filter(Boolean)
  return `# hallpass completion for bash
_hallpass() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" place="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      --)
        case "$place" in
          ${childTakers.join('|')})
            if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi
            return ;;
        esac ;;
      ${valueOptions(places).join('|')}) ((i++)) ;;
      -*) ;;
      *)
        case "\${place:+$place }$word" in
          ${deeper.map((path) => `'${path}'`).join('|')}) place="\${place:+$place }$word" ;;
        esac ;;
    esac
  done
  case "$place|$prev" in
${optionCases(places)}
  esac
  local words=""
  case "$place" in
${places.map((place) => `    '${place.path}') words='${[...place.words, ...place.options].map((word) => word.text).join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _hallpass hallpass
`
}

function optionCases(places: readonly Place[]): string {
  const cases = places.flatMap((place) =>
    place.options
      .filter((option) => option.takesValue)
      .map((option) => {
        const found = option.choices.length > 0 ? `-W '${option.choices.join(' ')}'` : '-f'
        return `    '${place.path}|${option.text}') COMPREPLY=($(compgen ${found} -- "$cur")); return ;;`
      }),
  )
  return cases.join('\n')
}
