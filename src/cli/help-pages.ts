/** Pages of `hallpass help TOPIC` that are not about one command. Text is spelled `hallpass …`. */
export interface HelpPage {
  readonly name: string
  readonly summary: string
  text(): Promise<string>
}

export const helpPages: readonly HelpPage[] = [
  {
    name: 'environment',
    summary: 'variables that hallpass reads, and those that run and env set',
    text: async () => (await import('./help/environment.ts')).text(),
  },
  {
    name: 'exit-codes',
    summary: 'what an exit status means',
    text: async () => (await import('./help/exit-codes.ts')).text(),
  },
  {
    name: 'agents',
    summary: 'a page written for a model that works through the proxy',
    text: async () => (await import('./help/agents.ts')).text(),
  },
]
