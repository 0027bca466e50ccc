/** What the pages about service accounts and their tokens are given. */
export interface ServiceAccountViewData {
  /** Stands alone: for whoever finds a token. */
  'leaked-token': {
    csrf: string
    outcome: 'revoked' | 'had_ended' | undefined
    error: string | undefined
    /** For secret scanners. */
    pattern: string
    reportUrl: string
  }
}
