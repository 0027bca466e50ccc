import {
  type GetPromptRequestParams,
  type GetPromptResult,
  type ListPromptsResult,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import { impactChanges } from '../architecture/queries/impact-spread.ts'

/** What a person can fill in, and with what it can be completed. */
export interface PromptArgument {
  name: string
  description: string
  required: boolean
  /** Entities of the graph, teams of it, or fixed words; absent: free text. */
  completion?: 'entity' | 'team' | readonly string[]
}

/** A job a person starts by name, such as a slash command of Claude Code. */
export interface Prompt {
  name: string
  title: string
  description: string
  arguments: readonly PromptArgument[]
  /** What the model is told; absent arguments are undefined. */
  write: (filled: Readonly<Record<string, string | undefined>>) => string
}

const entity: PromptArgument = {
  name: 'entity',
  description: 'Name or reference, such as service:shop/cart',
  required: true,
  completion: 'entity',
}

const closing =
  'Say which relations are inferred (~), stale or unresolved (?), and what the imported sources cannot tell. Do not guess beyond what the tools answer.'

/** Every prompt, in the order in which they are listed. */
export const prompts: readonly Prompt[] = [
  {
    name: 'discover_architecture',
    title: 'Discover the architecture',
    description: 'Get to know the architecture, or the surroundings of one entity.',
    arguments: [{ ...entity, name: 'start', required: false }],
    write: ({ start }) =>
      start === undefined
        ? `Describe our architecture. Call get_overview first, then get_entity for the three things most depended on and find_paths from an entry point to each kind of store. Tell what the systems do, how requests flow and where the data lies. ${closing}`
        : `Describe the part of our architecture around ${start}. Call get_entity for it, get_overview with it as focus, and get_dependencies in both directions with depth 2. Tell what it does, what it needs and who needs it. ${closing}`,
  },
  {
    name: 'impact_analysis',
    title: 'Analyze the impact of a change',
    description: 'Who would feel it if an entity failed, became slow, changed its API or were removed.',
    arguments: [
      entity,
      {
        name: 'change',
        description: `What happens: ${impactChanges.join(', ')}`,
        required: true,
        completion: impactChanges,
      },
    ],
    write: ({ entity: ref, change }) =>
      `What would be affected by this change of ${ref}: ${change}? Call analyze_impact, then explain_relation for the affected relations that are marked ~. Tell who is affected directly and indirectly, which entry points users would notice it at, whom to notify, what could stand in, and what to check before the change. ${closing}`,
  },
  {
    name: 'dependency_analysis',
    title: 'Analyze dependencies',
    description: 'What an entity needs, what needs it, and where that is risky.',
    arguments: [entity],
    write: ({ entity: ref }) =>
      `Analyze the dependencies of ${ref}. Call get_entity, get_dependencies in both directions with depth 3, and find_issues with it as scope. Tell its direct and indirect dependencies, its data stores and queues, who depends on it, and the risks: cycles, single points of failure, shared databases, undocumented addresses. ${closing}`,
  },
  {
    name: 'trace_request',
    title: 'Trace a request',
    description: 'How a request gets from one entity to another, hop by hop.',
    arguments: [
      { ...entity, name: 'from', description: 'Where the request starts' },
      { ...entity, name: 'to', description: 'Where it ends: a name, or a kind such as database' },
    ],
    write: ({ from, to }) =>
      `How does a request flow from ${from} to ${to}? Call find_paths, then get_entity for every hop of the shortest way. Tell each hop with its relation and why it is believed, what every way must pass, and which other ways there are. ${closing}`,
  },
  {
    name: 'investigate_incident',
    title: 'Investigate an incident',
    description: 'Where the cause of a symptom may lie, and who else is affected.',
    arguments: [
      entity,
      {
        name: 'symptom',
        description: 'What is seen, such as timeouts since 10:40',
        required: true,
      },
    ],
    write: ({ entity: ref, symptom }) =>
      `There is an incident at ${ref}: ${symptom}. Call get_dependencies downstream with depth 3 for what may cause it, get_changes for what changed lately, analyze_impact with change failure for who is affected, and find_issues with it as scope. Rank the likely causes with the evidence for each, say whom to notify, and what to look at first. ${closing}`,
  },
  {
    name: 'plan_deprecation',
    title: 'Plan a deprecation',
    description: 'Who must move before an entity can be switched off, and in which order.',
    arguments: [
      entity,
      { ...entity, name: 'replacement', description: 'What takes its place', required: false },
    ],
    write: ({ entity: ref, replacement }) =>
      `Plan how to switch off ${ref}${replacement === undefined ? '' : ` in favour of ${replacement}`}. Call analyze_impact with change removal${replacement === undefined ? ' and find_similar for what could replace it' : ', and compare_dependencies of both with direction upstream for who moved already'}. Tell who still depends on it directly and indirectly, their owners, the order in which they should move, and what else would be left without use. ${closing}`,
  },
  {
    name: 'onboarding',
    title: 'Onboarding',
    description: 'An introduction to the architecture for somebody new, for the whole or for one team.',
    arguments: [
      {
        name: 'team',
        description: 'Name or reference of the team',
        required: false,
        completion: 'team',
      },
    ],
    write: ({ team }) =>
      `Write an introduction to our architecture for somebody new${team === undefined ? '' : ` in the team ${team}`}. Call get_overview${team === undefined ? '' : ' with the team as focus'}, rank_critical${team === undefined ? '' : ' with it as scope'}, and get_entity for the five most important entities. Tell what there is, what each is for, what is most connected, how requests flow, who owns what, and what to read next. ${closing}`,
  },
]

const longestArgument = 600

/** The answer to `prompts/list`; the same for everybody. */
export function presentPrompts(): ListPromptsResult {
  return {
    prompts: prompts.map(({ name, title, description, arguments: args }) => ({
      name,
      title,
      description,
      arguments: args.map((argument) => ({
        name: argument.name,
        description: argument.description,
        required: argument.required,
      })),
    })),
  }
}

/**
 * Fills a prompt in. What was filled in is quoted: it is data, whoever wrote it.
 * @throws {ProtocolError} for an unknown prompt or argument, and for one that is missing
 */
export function fillPrompt({ name, arguments: given = {} }: GetPromptRequestParams): GetPromptResult {
  const prompt = prompts.find((each) => each.name === name)
  if (prompt === undefined) {
    const names = prompts.map((each) => each.name).join(', ')
    throw refusal(`There is no prompt ${name.slice(0, 100)}. The prompts are ${names}.`)
  }
  const known = prompt.arguments.map((argument) => argument.name)
  const unknown = Object.keys(given).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    throw refusal(
      `${name} has no argument ${unknown.join(', ').slice(0, 100)}. Its arguments are ${known.join(', ')}.`,
    )
  const filled = Object.fromEntries(
    Object.entries(given)
      .map(([key, value]) => [key, value.trim()] as const)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => [key, JSON.stringify(value.slice(0, longestArgument))]),
  )
  const missing = prompt.arguments.filter(({ required, name: key }) => required && filled[key] === undefined)
  if (missing.length > 0)
    throw refusal(`${name} needs ${missing.map((argument) => argument.name).join(' and ')}.`)
  return {
    description: prompt.description,
    messages: [{ role: 'user', content: { type: 'text', text: prompt.write(filled) } }],
  }
}

function refusal(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message)
}
