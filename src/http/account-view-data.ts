import type { ProviderView } from './provider-view-data.ts'
import type { FieldErrors, Frame, Moment, SessionRow } from './view-data.ts'

/** What the pages of signing in and of one's own account are given. */
export interface AccountViewData {
  /** Stands alone. Used by the dashboard (`/sign-in`) and inside an authorization (`/interaction/{uid}/sign-in`). */
  'sign-in': {
    action: string
    csrf: string
    email: string
    errors: FieldErrors
    /** What was done before. */
    notice: string | undefined
    /** Where it goes on afterwards, however one signs in: a path of ours. */
    returnTo: string
    /** The client that asked, inside an authorization. */
    clientName: string | undefined
    /** The operator's. */
    provider: ProviderView | undefined
    offersPasskeys: boolean
  }
  /** Stands alone: asks for the address whose password was forgotten. */
  'forgot-password': {
    csrf: string
    email: string
    errors: FieldErrors
    /** The server can send mail; else the page says whom to ask. */
    sendsMail: boolean
    /** The request was taken: said the same for every address. */
    isTaken: boolean
  }
  /** Stands alone: asks for the new password, behind a link from mail or operator. */
  'reset-password': { action: string; csrf: string; email: string; errors: FieldErrors }
  /** Stands alone: a page wants to be certain who sits there, and goes on with what was sent to it. */
  'confirm-sign-in': {
    action: string
    user: { name: string; email: string }
    csrf: string
    /** What was sent, without `csrf`; sent again together with the proof. */
    fields: [name: string, value: string][]
    hasPassword: boolean
    provider: ProviderView | undefined
    /** A form waits in this tab for the proof, so that a provider is gone to in another. */
    isFormHeld: boolean
    offersPasskeys: boolean
    errors: FieldErrors
  }
  /** The viewer's own sessions over all organizations, and the browsers they are signed in with. */
  'account-sessions': {
    frame: Frame
    base: string
    sessions: SessionRow[]
    signIns: {
      uid: string
      here: boolean
      /** "Chrome on Linux". */
      device: string
      address: string | undefined
      /** "with a passkey". */
      method: string | undefined
      startedAt: Moment
      expiresAt: Moment
    }[]
    otherSignIns: number
  }
  /** Who one is, and how one signs in. */
  account: {
    frame: Frame
    email: string
    name: string
    hasPassword: boolean
    /** Live ones, which a change of password may end. */
    clientSessions: number
    offersPasskeys: boolean
    passkeys: {
      id: string
      name: string
      isSynchronized: boolean
      createdAt: Moment
      lastUsedAt: Moment | undefined
    }[]
    errors: FieldErrors
  }
  'new-passkey': { frame: Frame; name: string; errors: FieldErrors }
}
