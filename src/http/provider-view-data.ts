import type { FieldErrors, OrganizationFrame } from './view-data.ts'

/** A sign-in provider, and where to go for it. */
export interface ProviderView {
  name: string
  href: string
}

/** What the pages about sign-in providers are given. */
export interface ProviderViewData {
  /** Stands alone: asks for the address whose mail domain decides where to sign in. */
  'organization-sign-in': {
    csrf: string
    email: string
    /** Where it goes on afterwards: a path of ours. */
    returnTo: string
    errors: FieldErrors
    /** Of the organization that signs in this mail domain; said whether or not the address has an account. */
    provider: (ProviderView & { organizationName: string }) | undefined
  }
  /** Stands alone: this sign-in does not reach an organization, since that asks for its provider's. */
  'provider-required': { organizationName: string; provider: ProviderView; email: string }
  'sign-in-settings': {
    frame: OrganizationFrame
    base: string
    /** Absent until a mail domain is named. */
    domain: { name: string; isProved: boolean; record: { name: string; value: string } } | undefined
    values: {
      domain: string
      name: string
      issuer: string
      clientId: string
      makesAccounts: boolean
      isRequired: boolean
    }
    /** A client secret is kept, and never shown. */
    hasSecret: boolean
    redirectUri: string
    errors: FieldErrors
  }
}
