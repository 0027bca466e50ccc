/** Cases of `security-cases.json` that have nothing to test here, each with the reason. */
export const notApplicable: Readonly<Record<string, string>> = {
  'MCP-35':
    'Every tool only reads and is open to every member, so no tool is outside anybody’s role. Scopes are checked at the call: RS-22.',
  'RT-16': 'There is one scope, which every role has, so no role can lose one.',
}
