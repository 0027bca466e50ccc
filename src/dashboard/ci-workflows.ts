import type { CiJobs } from '../http/connect-view-data.ts'

/** The environment variable that holds a token, stored or exchanged. */
export const tokenVariable = 'OPENTRACE_API_TOKEN'

/** What stands for the id of a service account where it is not known which one is meant. */
export const serviceAccountPlaceholder = 'SERVICE_ACCOUNT_ID'

/** What an exchange is written from. */
interface Exchange {
  publicUrl: string
  /** The MCP endpoint the token is for. */
  resource: string
  serviceAccountId: string
}

const install = 'npm install -g @anthropic-ai/claude-code'
const ask =
  'claude -p "What depends on the services changed here?" --mcp-config .mcp.json --allowedTools mcp__opentrace'

const permissions = ['permissions:', '  id-token: write', '  contents: read']
const gitHubJob = ['jobs:', '  architecture:', '    runs-on: ubuntu-latest', '    steps:']
const gitHubInstall = ['      - uses: actions/checkout@v4', `      - run: ${install}`]

/** What people copy so that their jobs exchange an identity token; docs/ci.md explains each line. */
export function presentWorkflows(exchange: Exchange): { github: string; gitlab: string } {
  return {
    github: lines(permissions, gitHubJob, gitHubExchange(exchange)),
    gitlab: lines(
      ['architecture:'],
      gitLabIdentity(exchange),
      ['  script:'],
      gitLabExchange(exchange, 'jq -r .access_token'),
    ),
  }
}

/** Whole jobs that ask Claude Code something, with an exchange and with a stored token. */
export function presentCiJobs(exchange: Exchange): CiJobs {
  return {
    github: {
      exchange: lines(
        permissions,
        gitHubJob,
        gitHubInstall,
        gitHubExchange(exchange),
        gitHubAsk(['ANTHROPIC_API_KEY']),
      ),
      stored: lines(gitHubJob, gitHubInstall, gitHubAsk([tokenVariable, 'ANTHROPIC_API_KEY'])),
    },
    gitlab: {
      exchange: lines(
        ['architecture:', '  image: node:24'],
        gitLabIdentity(exchange),
        ['  script:', `    - ${install}`],
        // The image has no jq.
        gitLabExchange(exchange, 'node -p "JSON.parse(fs.readFileSync(0)).access_token"'),
        [`    - ${ask}`],
      ),
      stored: lines(['architecture:', '  image: node:24', '  script:', `    - ${install}`, `    - ${ask}`]),
    },
  }
}

function gitHubExchange(exchange: Exchange): string[] {
  const audience = encodeURIComponent(exchange.publicUrl)
  return [
    '      - run: |',
    '          id_token=$(curl -sSf --retry 3 -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\',
    `            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${audience}" | jq -r .value)`,
    ...indent(10, exchangeLines(exchange, '$id_token', 'jq -r .access_token')),
    '          echo "::add-mask::$token"',
    `          echo "${tokenVariable}=$token" >> "$GITHUB_ENV"`,
  ]
}

function gitHubAsk(secrets: readonly string[]): string[] {
  return [
    `      - run: ${ask}`,
    '        env:',
    ...secrets.map((name) => `          ${name}: \${{ secrets.${name} }}`),
  ]
}

function gitLabIdentity({ publicUrl }: Exchange): string[] {
  return ['  id_tokens:', '    OPENTRACE_ID_TOKEN:', `      aud: ${publicUrl}`]
}

function gitLabExchange(exchange: Exchange, readToken: string): string[] {
  return [
    '    - |',
    ...indent(6, exchangeLines(exchange, '$OPENTRACE_ID_TOKEN', readToken)),
    `      export ${tokenVariable}=$token`,
  ]
}

/** RFC 8693 §2.1; leaves `$token`, or ends the job with the sentence of the refusal. */
function exchangeLines(
  { publicUrl, resource, serviceAccountId }: Exchange,
  identityToken: string,
  readToken: string,
): string[] {
  return [
    `answer=$(curl -sS --fail-with-body --retry 3 ${publicUrl}/oauth/token \\`,
    '  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\',
    '  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \\',
    `  -d service_account=${serviceAccountId} \\`,
    `  --data-urlencode resource=${resource} \\`,
    `  --data-urlencode "subject_token=${identityToken}") || { echo "$answer"; exit 1; }`,
    `token=$(echo "$answer" | ${readToken})`,
  ]
}

function lines(...parts: readonly (readonly string[])[]): string {
  return parts.flat().join('\n')
}

function indent(spaces: number, of: readonly string[]): string[] {
  return of.map((line) => ' '.repeat(spaces) + line)
}
