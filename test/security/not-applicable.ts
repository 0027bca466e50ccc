/** Cases of `security-cases.json` that have nothing to test here, each with the reason. */
export const notApplicable: Readonly<Record<string, string>> = {
  'MCP-11':
    'No stream is ever open: GET is answered 405 (MCP-20) and every answer is finite. That a revoked session is refused at its next request is RS-23.',
  'MCP-35':
    'Every tool only reads and is open to every member, so no tool is outside anybody’s role. Scopes are checked at the call: RS-22.',
  'RT-16': 'There is one scope, which every role has, so no role can lose one.',
  'RT-17': 'No password can be changed and no sign-in unlinked yet.',
}
