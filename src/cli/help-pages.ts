/** Pages of `hallpass help TOPIC` that are not about one command. Commands in the text are written `hallpass …`. */
export interface HelpPage {
  readonly name: string
  readonly summary: string
  text(): Promise<string>
}

export const helpPages: readonly HelpPage[] = [
  {
    name: 'environment',
    summary: 'the variables that hallpass reads, sets and removes',
    text: async () => (await import('./help/environment.ts')).text(),
  },
  {
    name: 'exit-codes',
    summary: 'the meaning of each exit status',
    text: async () => (await import('./help/exit-codes.ts')).text(),
  },
  {
    name: 'agents',
    summary: 'a page for a model that works through the proxy',
    text: async () => (await import('./help/agents.ts')).text(),
  },
]
