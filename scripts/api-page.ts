import type { openApiDocument } from '../src/admin/api.ts'

type OpenApi = ReturnType<typeof openApiDocument>

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly string[]
  readonly description?: string
  readonly items?: Schema
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly default?: unknown
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly tags: readonly [string]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly description?: string
    readonly schema: Schema
  }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
  readonly 'x-codeSamples'?: readonly { readonly source: string }[]
}

/** docs/api.md: the routes and their documents, in Markdown. */
export function apiPage(document: OpenApi, introduction: string): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      title: `${method.toUpperCase()} ${path}`,
      operation: operation as unknown as Operation,
    })),
  )
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0])
  const schemas = Object.entries((document.components?.schemas ?? {}) as Readonly<Record<string, Schema>>)
  return [
    introduction.trim(),
    ...[...groups].flatMap(([tag, routes]) => [
      `## Routes for ${tag}`,
      ...routes.flatMap(({ title, operation }) => route(title, operation)),
    ]),
    '## Documents',
    ...schemas
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, schema]) => [
        `### ${name}`,
        ...(schema.description === undefined ? [] : [schema.description]),
        fieldTable(schema),
      ]),
  ]
    .join('\n\n')
    .concat('\n')
}

function route(title: string, operation: Operation): string[] {
  const { summary, description, parameters = [], requestBody, responses } = operation
  const [sample] = operation['x-codeSamples'] ?? []
  const rows = parameters.map(({ name, in: place, required, description: said, schema }) => [
    `\`${name}\``,
    place,
    typeText(schema),
    meaning(said ?? schema.description, required === true, schema),
  ])
  return [
    `### \`${title}\``,
    `${summary}.${description === undefined ? '' : ` ${description}`}`,
    ...(rows.length === 0 ? [] : [table(['Parameter', 'In', 'Type', 'Meaning'], rows)]),
    ...(requestBody === undefined ? [] : [`The body is ${bodyText(requestBody)}.`]),
    ...(sample === undefined ? [] : [`\`\`\`sh\n${sample.source}\n\`\`\``]),
    table(
      ['Status', 'Answer', 'Means'],
      Object.entries(responses).map(([status, response]) => [
        status === 'default' ? 'other' : status,
        bodyText(response),
        response.description,
      ]),
    ),
  ]
}

function bodyText({ content = {} }: Content): string {
  const [[type, { schema }] = ['', { schema: {} }]] = Object.entries<{ readonly schema: Schema }>(content)
  return type === 'application/octet-stream' ? 'the bytes of a file' : typeText(schema)
}

function fieldTable(schema: Schema): string {
  return table(['Field', 'Type', 'Meaning'], fieldRows(schema, ''))
}

function fieldRows({ properties = {}, required = [] }: Schema, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const inner = field.items ?? field
    const place = `${prefix}${name}${field.items === undefined ? '' : '[]'}`
    return [
      [
        `\`${prefix}${name}\``,
        typeText(field),
        meaning(descriptionOf(field), required.includes(name), field),
      ],
      ...fieldRows(inner, `${place}.`),
    ]
  })
}

function descriptionOf({ description, allOf = [] }: Schema): string | undefined {
  return description ?? allOf.map(descriptionOf).find((text) => text !== undefined)
}

function meaning(text: string | undefined, required: boolean, schema: Schema): string {
  const preset = schema.default === undefined ? [] : [`\`${String(schema.default)}\` by default`]
  return [...(text === undefined ? [] : [text]), ...preset, ...(required ? [] : ['optional'])].join('; ')
}

function typeText(schema: Schema): string {
  const { $ref, type, format, items, allOf = [], anyOf } = schema
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? ''
    return `[${name}](#${name.toLowerCase()})`
  }
  const [whole] = allOf
  if (whole !== undefined) return typeText(whole)
  if (anyOf !== undefined) return anyOf.map(typeText).join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const names = [type ?? 'any value'].flat().map((name) => {
    if (name === 'array') return `list of ${typeText(items ?? {})}`
    return name === 'string' && format === 'date-time' ? 'time' : name
  })
  return names.join(' or ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
