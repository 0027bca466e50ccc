import { isRecord, textOf } from '../untyped-values.ts'
import type { Project } from './projects.ts'
import { itemsOf, type ComposeService } from './services.ts'

/** Bundlers compile these into pages, so a browser reads them, for which `localhost` is the machine that publishes ports. */
const ofBrowsers = /^(?:NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|REACT_APP|VUE_APP|NG_APP|VITE|GATSBY)_/
const publishedAddress = /\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal):(\d{1,5})(?!\d)/g

/** Puts the service that publishes a port in the place of the machine, in the value of a variable of a service. */
export type AsInBrowser = (service: ComposeService, name: string, text: string) => string

/** Indexes what the services of each project publish. */
export function indexPublishedPorts(services: readonly ComposeService[]): AsInBrowser {
  const byPort = new Map<Project, Map<number, ComposeService | undefined>>()
  for (const service of services) {
    const ofProject = byPort.get(service.project) ?? new Map<number, ComposeService | undefined>()
    byPort.set(service.project, ofProject)
    // What two would publish, such as one of two profiles, is nobody's in particular.
    for (const port of publishedBy(service)) ofProject.set(port, ofProject.has(port) ? undefined : service)
  }
  return (service, name, text) =>
    ofBrowsers.test(name)
      ? text.replaceAll(publishedAddress, (address, port: string) => {
          const publisher = byPort.get(service.project)?.get(Number(port))
          return publisher === undefined ? address : `//${publisher.name}`
        })
      : text
}

/** `8080:80`, `127.0.0.1:8080:80/tcp`, and the long form. */
function publishedBy(service: ComposeService): Set<number> {
  const ports = itemsOf(service, 'ports').map(({ key, value }) =>
    isRecord(value) ? textOf(value['published']) : /(?:^|:)(\d{1,5}):\d{1,5}(?:\/\w{1,10})?$/.exec(key)?.[1],
  )
  return new Set(ports.map(Number).filter((port) => port > 0))
}
