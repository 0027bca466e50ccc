/** What people copy so that their jobs exchange an identity token; docs/ci.md explains each line. */
export function presentWorkflows(of: { publicUrl: string; resource: string; serviceAccountId: string }): {
  github: string
  gitlab: string
} {
  const audience = encodeURIComponent(of.publicUrl)
  return {
    github: [
      'permissions:',
      '  id-token: write',
      '  contents: read',
      'jobs:',
      '  architecture:',
      '    runs-on: ubuntu-latest',
      '    steps:',
      '      - run: |',
      '          id_token=$(curl -sSf --retry 3 -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\',
      `            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${audience}" | jq -r .value)`,
      ...indent(10, exchange(of, '$id_token')),
      '          echo "::add-mask::$token"',
      '          echo "OPENTRACE_API_TOKEN=$token" >> "$GITHUB_ENV"',
    ].join('\n'),
    gitlab: [
      'architecture:',
      '  id_tokens:',
      '    OPENTRACE_ID_TOKEN:',
      `      aud: ${of.publicUrl}`,
      '  script:',
      '    - |',
      ...indent(6, exchange(of, '$OPENTRACE_ID_TOKEN')),
      '      export OPENTRACE_API_TOKEN=$token',
    ].join('\n'),
  }
}

/** RFC 8693 §2.1; leaves `$token`, or ends the job with the sentence of the refusal. */
function exchange(
  { publicUrl, resource, serviceAccountId }: Parameters<typeof presentWorkflows>[0],
  identityToken: string,
): string[] {
  return [
    `answer=$(curl -sS --fail-with-body --retry 3 ${publicUrl}/oauth/token \\`,
    '  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\',
    '  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \\',
    `  -d service_account=${serviceAccountId} \\`,
    `  --data-urlencode resource=${resource} \\`,
    `  --data-urlencode "subject_token=${identityToken}") || { echo "$answer"; exit 1; }`,
    'token=$(echo "$answer" | jq -r .access_token)',
  ]
}

function indent(spaces: number, lines: readonly string[]): string[] {
  return lines.map((line) => ' '.repeat(spaces) + line)
}
