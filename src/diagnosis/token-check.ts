import { z } from 'zod'
import { broken, type Finding, holds } from './finding.ts'
import { type Answer, describeAnswer, parseDocument, type Probe } from './probe.ts'
import type { Target } from './target.ts'

/** The answer of a tool, as far as it is shown. */
const ToolAnswer = z.object({
  result: z.object({
    isError: z.boolean().default(false),
    content: z.tuple([z.object({ text: z.string() })]).rest(z.unknown()),
  }),
})

/** Asks with a bearer token who one is, through MCP. */
export async function checkToken({ url }: Target, token: string, probe: Probe): Promise<Finding[]> {
  const answer = await probe(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'whoami', arguments: {} },
    }),
  })
  const { data } = ToolAnswer.safeParse(messageOf(answer))
  if (data && !data.result.isError) return [holds('whoami', data.result.content[0].text)]
  return [
    broken(
      'whoami',
      `The endpoint refuses the token: ${describeAnswer(answer)}.`,
      answer.status === 401
        ? 'Make a new token, and see that the whole of it is sent, without spaces or quotes.'
        : 'Look at the log of the server at this time.',
    ),
  ]
}

/** The JSON-RPC message of an answer, be it JSON or the one event of a stream. */
function messageOf(answer: Answer): unknown {
  const [, data] = /^data: (\{.*\})$/m.exec(answer.text) ?? []
  return parseDocument(data === undefined ? answer : { ...answer, text: data })
}
