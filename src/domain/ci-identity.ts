import { z } from 'zod'

/** Whose claims an issuer's identity tokens carry: also of GitHub Enterprise Server, also of an own GitLab. */
export const ciProviders = ['github', 'gitlab'] as const
export type CiProvider = (typeof ciProviders)[number]

/** What a verified identity token says of the job that presents it. */
export interface CiIdentity {
  /** `owner/name`, or the path of a GitLab project. */
  repository: string
  repositoryId: string | undefined
  ownerId: string | undefined
  /**
   * `refs/heads/main`. Absent when the job runs for a pull or merge request: some of those name the branch they want to
   * go to, or one of a fork that is called the same.
   */
  ref: string | undefined
  environment: string | undefined
}

const Id = z.union([z.string(), z.number()]).transform(String).optional()

const GithubClaims = z.object({
  repository: z.string().min(1),
  repository_id: Id,
  repository_owner_id: Id,
  ref: z.string().optional(),
  event_name: z.string().optional(),
  environment: z.string().optional(),
})

const GitlabClaims = z.object({
  project_path: z.string().min(1),
  project_id: Id,
  namespace_id: Id,
  ref: z.string().optional(),
  ref_type: z.string().optional(),
  /** Text in GitLab's tokens. */
  ref_protected: z.union([z.string(), z.boolean()]).optional(),
  pipeline_source: z.string().optional(),
  environment: z.string().optional(),
})

/** The identity in claims of one provider, of which `sub` is left alone: its form is up to whoever configures it. */
export function parseCiIdentity(
  provider: CiProvider,
  claims: Record<string, unknown>,
): CiIdentity | undefined {
  return provider === 'github' ? parseGithub(claims) : parseGitlab(claims)
}

function parseGithub(claims: Record<string, unknown>): CiIdentity | undefined {
  const parsed = GithubClaims.safeParse(claims).data
  if (!parsed) return undefined
  // `pull_request_target` runs for a stranger's pull request and names the branch it wants to go to.
  const isOfBranch = parsed.event_name !== undefined && !parsed.event_name.startsWith('pull_request')
  return {
    repository: parsed.repository,
    repositoryId: parsed.repository_id,
    ownerId: parsed.repository_owner_id,
    ref: isOfBranch ? parsed.ref : undefined,
    environment: parsed.environment,
  }
}

const prefixes: Record<string, string> = { branch: 'refs/heads/', tag: 'refs/tags/' }

function parseGitlab(claims: Record<string, unknown>): CiIdentity | undefined {
  const parsed = GitlabClaims.safeParse(claims).data
  if (!parsed) return undefined
  const { ref, ref_type: type } = parsed
  const prefix = type === undefined ? undefined : prefixes[type]
  const isOfBranch = ref !== undefined && prefix !== undefined && runsForItsRef(parsed)
  return {
    repository: parsed.project_path,
    repositoryId: parsed.project_id,
    ownerId: parsed.namespace_id,
    ref: isOfBranch ? prefix + ref : undefined,
    environment: parsed.environment,
  }
}

/** A merge request from a fork may run in the project it wants to go to, under the name its branch has in the fork. */
function runsForItsRef({
  pipeline_source: source,
  ref_protected: isProtected,
}: z.infer<typeof GitlabClaims>) {
  if (source === undefined || source.endsWith('merge_request_event')) return false
  if (source === 'external_pull_request_event') return false
  // The child of a merge request's pipeline does not say whose child it is.
  return source !== 'parent_pipeline' || String(isProtected) === 'true'
}
