import { type Place, valueOptions } from './words.ts'

/** An argument completer for PowerShell 5 and later. */
export function pwsh(places: readonly Place[], childTakers: readonly string[]): string {
  const table = places.map((place) => {
    const words = [...place.words, ...place.options].map((word) => quote(word.text))
    return `    ${quote(place.path)} = @(${words.join(', ')})`
  })
  const choices = places.flatMap((place) =>
    place.options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `    ${quote(`${place.path}|${option.text}`)} = @(${option.choices.map(quote).join(', ')})`,
      ),
  )
  return `# hallpass completion for PowerShell
Register-ArgumentCompleter -Native -CommandName hallpass -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $places = @{
${table.join('\n')}
  }
  $choices = @{
${choices.join('\n')}
  }
  $place = ''
  $previous = ''
  $skip = $false
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $word = $element.ToString()
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    if ($word -eq '--' -and @(${childTakers.map(quote).join(', ')}) -contains $place) { return }
    if ($skip) { $skip = $false; $previous = $word; continue }
    $skip = @(${valueOptions(places).map(quote).join(', ')}) -contains $word
    $longer = ($place + ' ' + $word).Trim()
    if ($places.ContainsKey($longer)) { $place = $longer }
    $previous = $word
  }
  $words = $places[$place]
  if ($choices.ContainsKey($place + '|' + $previous)) { $words = $choices[$place + '|' + $previous] }
  $words | Where-Object { $_ -like ($wordToComplete + '*') } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
