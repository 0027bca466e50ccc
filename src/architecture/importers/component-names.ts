/** Folders that hold components and are none: `services/cart` is `cart`. */
const containers = new Set(
  `src source services service apps applications app packages pkg pkgs modules microservices components backend
  backends server servers cmd projects workspaces libs libraries deploy deployments infra platform domains teams go
  java python node js ts dotnet csharp rust`.split(/\s+/),
)
/** Folders inside of components, which say nothing about what the component is called. */
const insides = new Set(
  `src main lib test tests spec e2e docs doc internal config configs conf resources scripts bin assets public static
  charts chart helm k8s kubernetes manifests templates migrations proto protos ci examples example
  utils util types models`.split(/\s+/),
)

/** A name that other sources may use for a component too. */
export const componentName = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/i

/** Folders of a path, without those that lead nowhere. */
export function foldersOf(path: string): string[] {
  return path
    .split('/')
    .slice(0, -1)
    .filter((folder) => folder !== '' && folder !== '.')
}

/**
 * The component that a folder is, by convention: the folder under those that only hold others. One that lies deeper
 * (`cart/storage/redis`) is a part of something and named for itself only by chance.
 */
export function componentAt(folders: readonly string[]): string | undefined {
  const first = folders.findIndex((folder) => !containers.has(folder.toLowerCase()))
  const [name, inside] = first < 0 ? [] : folders.slice(first)
  const isComponent =
    name !== undefined &&
    inside === undefined &&
    !insides.has(name.toLowerCase()) &&
    !name.startsWith('.') &&
    componentName.test(name)
  return isComponent ? name : undefined
}

/** The name of a folder that is a component, or of the nearest one above that is called by more than its place. */
export function nameOfFolder(folders: readonly string[]): string | undefined {
  const name = folders.findLast(
    (folder) => !containers.has(folder.toLowerCase()) && !insides.has(folder.toLowerCase()),
  )
  return name !== undefined && name !== '..' && componentName.test(name) ? name : undefined
}
