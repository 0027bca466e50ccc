import { z } from 'zod'
import type { DocumentChange, Documents } from '../storage/contract.ts'
import { newId } from './identifiers.ts'

/** A tenant: its members, its architecture graph, its client sessions. */
export interface Organization {
  id: string
  slug: string
  name: string
  createdAt: number
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

/** Organizations by id and by slug. */
export function createOrganizations({ documents, now }: { documents: Documents; now: () => number }) {
  async function find(id: string): Promise<Organization | undefined> {
    const document = await documents.get('organization', id)
    return document && (document.data as Organization)
  }

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
      change: {
        op: 'put',
        kind: 'organization',
        id: organization.id,
        version: 0,
        data: organization,
        unique: { slug: organization.slug },
      },
    }
  }

  return { find, findBySlug, prepare }
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
