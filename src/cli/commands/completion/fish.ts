import { type Place, valueOptions } from './words.ts'

/** One `complete` line for each word of each place. */
export function fish(places: readonly Place[], childTakers: readonly string[]): string {
  const lines = places.flatMap((place) => {
    const here = `-n '__hallpass_at ${place.path === '' ? '""' : `"${place.path}"`}'`
    return [
      ...place.words.map(
        (word) => `complete -c hallpass -f ${here} -a '${word.text}'${described(word.summary)}`,
      ),
      ...place.options.map((option) => {
        const value = option.takesValue
          ? option.choices.length > 0
            ? ` -x -a '${option.choices.join(' ')}'`
            : ' -r'
          : ''
        return `complete -c hallpass ${here} -l '${option.text.slice(2)}'${value}${described(option.summary)}`
      }),
    ]
  })
  const deeper = places.map((place) => place.path).filter(Boolean)
  return `# hallpass completion for fish
function __hallpass_at --description 'whether the words before the cursor lead to this place'
    set -l place ""
    set -l skip no
    for word in (commandline -opc)[2..]
        test $skip = yes ; and set skip no ; and continue
        contains -- "$word" ${valueOptions(places).join(' ')} ; and set skip yes ; and continue
        test "$word" = -- ; and return 1
        set -l longer (string trim "$place $word")
        contains -- "$longer" ${deeper.map((path) => `'${path}'`).join(' ')} ; and set place "$longer"
    end
    test "$place" = "$argv[1]"
end
function __hallpass_child --description 'whether the cursor is in the command line of a child'
    set -l words (commandline -opc)
    contains -- -- $words ; and contains -- "$words[2]" ${childTakers.join(' ')}
end
complete -c hallpass -n __hallpass_child -x -a '(__fish_complete_subcommand --commandline (commandline -opc | string join \\n | sed "1,/^--\\$/d") (commandline -ct))'
${lines.join('\n')}
`
}

function described(summary: string): string {
  return summary === '' ? '' : ` -d '${summary.replaceAll(/[\\']/g, '\\$&')}'`
}
