/** An OpenID Connect provider whose word is taken for who somebody is. */
export interface SignInProvider {
  /** On the button: "Continue with Acme". */
  name: string
  /** Compared byte for byte with what the provider says of itself (OpenID Connect Discovery 1.0 §4.3). */
  issuer: string
  clientId: string
  clientSecret: string
  /** Whoever is unknown gets an account, or becomes a member of the organization, at their first sign-in. */
  makesAccounts: boolean
  /** Absent: the operator's, which vouches for every address and reaches every organization. */
  organization: ProvidingOrganization | undefined
}

/** Whose members a provider signs in: those with an address of the mail domain that the organization has proved. */
export interface ProvidingOrganization {
  id: string
  name: string
  domain: string
}

/** What a provider said about somebody, its signature and all its claims checked. */
export interface ProvidedPerson {
  issuer: string
  subject: string
  email: string | undefined
  /** The provider says that the address belongs to this person, not only that they typed it. */
  isEmailVerified: boolean
  name: string | undefined
}

/** Names a provider in paths and records; links made by one are nothing to another. */
export function providerKey({ organization }: Pick<SignInProvider, 'organization'>): string {
  return organization?.id ?? 'operator'
}
