import { quoteSh } from '../env/formats.ts'
import { type Place, valueOptions } from './words.ts'

/** A `_hallpass` function for fpath; it also works by `eval` after compinit. */
export function zsh(places: readonly Place[], childTakers: readonly string[]): string {
  const deeper = places.map((place) => place.path).filter(Boolean)
  return `#compdef hallpass
# hallpass completion for zsh
_hallpass() {
  local place="" word longer i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    if [[ "$word" == -- && (${childTakers.map((name) => `"$place" == ${name}`).join(' || ')}) ]]; then
      shift i words
      ((CURRENT -= i))
      _normal
      return
    fi
    if [[ "$word" == (${valueOptions(places).join('|')}) ]]; then
      ((i++))
      continue
    fi
    longer="\${place:+$place }$word"
    case "$longer" in
      (${deeper.map((path) => `${quoteSh(path)}`).join('|')}) place="$longer" ;;
    esac
  done
  case "$place|\${words[CURRENT-1]}" in
${optionCases(places)}
  esac
  case "$place" in
${places
  .map((place) => {
    const words = [...place.words, ...place.options].map((word) => quoteSh(`${word.text}:${word.summary}`))
    return `    (${quoteSh(place.path)}) found=(${words.join(' ')}) ;;`
  })
  .join('\n')}
  esac
  _describe 'hallpass' found
}
if [[ "$funcstack[1]" == _hallpass ]]; then _hallpass "$@"; else compdef _hallpass hallpass; fi
`
}

function optionCases(places: readonly Place[]): string {
  const cases = places.flatMap((place) =>
    place.options
      .filter((option) => option.takesValue)
      .map((option) => {
        const found = option.choices.length > 0 ? `compadd -- ${option.choices.join(' ')}` : '_files'
        return `    (${quoteSh(`${place.path}|${option.text}`)}) ${found}; return ;;`
      }),
  )
  return cases.join('\n')
}
