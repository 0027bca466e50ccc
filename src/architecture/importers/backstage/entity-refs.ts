/** Kind, namespace and name of an entity as Backstage compares them: in lower case. */
export interface CatalogRef {
  /** Undefined where neither the reference nor its field says it. */
  kind: string | undefined
  namespace: string
  name: string
}

/** https://backstage.io/docs/features/software-catalog/references/: `[kind:][namespace/]name`. */
export function parseRef(
  text: string,
  defaults: { kind?: string | undefined; namespace: string },
): CatalogRef | undefined {
  const [, kind = defaults.kind, namespace = defaults.namespace, name] =
    /^(?:([A-Za-z][\w-]{0,62}):)?(?:([A-Za-z0-9](?:[\w.-]{0,62}))\/)?([A-Za-z0-9][\w.-]{0,99})$/.exec(
      text.trim(),
    ) ?? []
  return name === undefined
    ? undefined
    : { kind: kind?.toLowerCase(), namespace: namespace.toLowerCase(), name }
}

/** @returns what two references to one entity have in common. */
export function refKey({ kind, namespace, name }: CatalogRef): string {
  return `${kind}:${namespace}/${name.toLowerCase()}`
}
