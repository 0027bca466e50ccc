/** What happens to service accounts, their tokens, and the CI jobs that act as them. */
export type ServiceAccountEvent =
  | {
      type: `service_account.${'created' | 'changed' | 'disabled' | 'enabled' | 'deleted'}`
      serviceAccountId: string
      name: string
    }
  | ({ type: 'api_token.created'; expiresAt: number | undefined; addresses: string[] } & ApiTokenSubject)
  | ({ type: 'api_token.rotated'; successorId: string; overlapSeconds: number } & ApiTokenSubject)
  /** Revoked by somebody; for the leaving of whoever made it; for being found by a stranger. */
  | ({ type: 'api_token.revoked' | 'api_token.maker_left' | 'api_token.leak_reported' } & ApiTokenSubject)
  | { type: 'service_account_policy.changed'; allowsUnlimited: boolean; endsWithMaker: boolean }
  | ({ type: 'trust_rule.added' | 'trust_rule.removed'; trustRuleId: string } & CiSubject)
  | ({ type: 'identity_token.exchanged'; trustRuleId: string; jobTokenId: string } & CiSubject)
  /** What of the job is named was proved; the reason is what its log was told. */
  | ({ type: 'identity_token.refused'; reason: string } & CiSubject)

type CiSubject = {
  serviceAccountId: string
  issuer: string | undefined
  repository: string | undefined
  ref: string | undefined
  environment: string | undefined
}

type ApiTokenSubject = { apiTokenId: string; tokenName: string; serviceAccountId: string }
