import { z } from 'zod'
import { Conflict, type DocumentChange, type Documents } from '../storage/contract.ts'
import { DomainError } from './errors.ts'
import { newId } from './identifiers.ts'

/** A tenant: its members, its architecture graph, its client sessions. */
export interface Organization {
  id: string
  slug: string
  name: string
  createdAt: number
  /** Slugs it had before: nobody else's, so that addresses in the configuration of clients go on to lead here. */
  formerSlugs?: readonly string[] | undefined
  /** Set while it can still be restored; until then nobody works in it. */
  deletion?: OrganizationDeletion | undefined
}

/** An owner's decision to delete an organization. Times in epoch milliseconds. */
export interface OrganizationDeletion {
  at: number
  /** The owner's user id. */
  by: string
  /** When everything of it is erased. */
  dueAt: number
  /** Erasing has begun, so it cannot be restored any more. */
  erasing?: true
}

// ASCII, so that no look-alike letter can imitate another slug.
const slugSyntax = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/

/** Whether an organization could have this slug. */
export function isSlug(text: string): boolean {
  return slugSyntax.test(text)
}

/** What a new organization is called. */
export const NewOrganization = z.object({
  name: z.string().trim().min(1, 'Enter a name.').max(100, 'A name has at most 100 characters.'),
  slug: z.string().regex(slugSyntax, 'Use 1 to 40 of a-z, 0-9 and -, such as acme.'),
})
export type NewOrganization = z.infer<typeof NewOrganization>

export type Organizations = ReturnType<typeof createOrganizations>

/** Organizations by id and by slug, also those whose deletion is pending. */
export function createOrganizations({ documents, now }: { documents: Documents; now: () => number }) {
  async function find(id: string): Promise<Organization | undefined> {
    const document = await documents.get('organization', id)
    return document && (document.data as Organization)
  }

  /** By its slug or a former one. */
  async function findBySlug(slug: string): Promise<Organization | undefined> {
    const document = await documents.findUnique('organization', 'slug', slug)
    return document && (document.data as Organization)
  }

  /** The change that creates an organization; commit it together with its first owner. */
  function prepare(input: NewOrganization): { organization: Organization; change: DocumentChange } {
    const organization: Organization = {
      id: newId(now()),
      slug: input.slug,
      name: input.name,
      createdAt: now(),
    }
    return {
      organization,
      change: recordOf(organization, 0),
    }
  }

  /**
   * Changes an organization, whoever else changes it meanwhile.
   * @param alter is given the newest record, perhaps several times; it may throw to refuse
   * @throws {DomainError} `not_found` when it is gone, `conflict` when its slug is another's
   */
  async function change(id: string, alter: (organization: Organization) => Organization) {
    for (;;) {
      const document = await documents.get('organization', id)
      if (!document) throw new DomainError('not_found', 'There is no such organization any more.')
      const organization = alter(document.data as Organization)
      try {
        await documents.commit([recordOf(organization, document.version)])
        return organization
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        if (error.reason === 'unique') throw slugTaken(error)
      }
    }
  }

  /** Those whose deletion is pending, oldest first. */
  async function listDeleted(): Promise<Organization[]> {
    const { items } = await documents.list('organization', 'state', 'deleted', { limit: 100 })
    return items.map(({ data }) => data as Organization)
  }

  /** Removes the record and frees its slugs: the last step of erasing it. Does nothing when it is gone already. */
  async function remove(id: string): Promise<void> {
    const document = await documents.get('organization', id)
    if (!document) return
    const { version } = document
    await documents.commit([{ op: 'delete', kind: 'organization', id, version }]).catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error
    })
  }

  return { find, findBySlug, prepare, change, listDeleted, remove }
}

/** What to answer when a slug belongs to another organization, now or formerly. */
export function slugTaken(cause: Conflict): DomainError {
  return new DomainError('conflict', 'Another organization has this address. Choose a different one.', {
    field: 'slug',
    cause,
  })
}

function recordOf(organization: Organization, version: number): DocumentChange {
  return {
    op: 'put',
    kind: 'organization',
    id: organization.id,
    version,
    data: organization,
    unique: { slug: [organization.slug, ...(organization.formerSlugs ?? [])] },
    indexes: organization.deletion ? { state: 'deleted' } : {},
  }
}

/** A slug people would choose for this name; empty when the name has no ASCII letter or digit. */
export function suggestSlug(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
}
