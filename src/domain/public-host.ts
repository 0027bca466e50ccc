/**
 * Whether a URL names a host of the public internet by its name and on the default port: no literal address, no local
 * name. What the name resolves to must be looked at too, when it is connected to.
 */
export function hasPublicHost({ hostname, port }: URL): boolean {
  const isAddress = /^[\d.]+$|^\[/.test(hostname)
  return (
    !isAddress && port === '' && hostname.includes('.') && !/\.(local|internal|localhost)$/.test(hostname)
  )
}
