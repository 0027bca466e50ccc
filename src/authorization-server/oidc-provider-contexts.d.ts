/** No part of its interface, and the only way to its contexts; a test tells when they are kept elsewhere. */
declare module 'oidc-provider/lib/helpers/als.js' {
  import type { AsyncLocalStorage } from 'node:async_hooks'

  const contexts: AsyncLocalStorage<unknown>
  export default contexts
}
