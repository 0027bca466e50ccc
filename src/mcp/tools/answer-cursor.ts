import { z } from 'zod'
import { DomainError } from '../../domain/errors.ts'
import { sha256 } from '../../domain/identifiers.ts'

/** The input by which a model asks for the next page. */
export const cursorInput = z
  .string()
  .max(500)
  .optional()
  .describe('next_cursor of the answer before; the other arguments must stay the same')

const cursorContent = z.strictObject({ revision: z.int(), question: z.string(), offset: z.int().min(1) })

/** Pages of one question at one revision of the graph. */
export interface Pagination {
  /** Where the page begins. */
  offset: number
  /** The cursor of the page that begins there. */
  cursorAt: (offset: number) => string
}

/**
 * Reads a cursor. Without one the first page is meant.
 * @param question The arguments that decide what is paged through.
 * @throws {DomainError} `invalid_input` when the cursor is none, belongs to another question, or the graph has moved on
 */
export function paginate(cursor: string | undefined, revision: number, question: unknown): Pagination {
  // Most answers are whole, and need none.
  const fingerprint = () => sha256(JSON.stringify(question)).slice(0, 12)
  const cursorAt = (offset: number) =>
    Buffer.from(JSON.stringify({ revision, question: fingerprint(), offset })).toString('base64url')
  if (cursor === undefined) return { offset: 0, cursorAt }
  const content = parseCursor(cursor)
  if (content === undefined) throw refusal('This cursor is not one that a tool has given.')
  if (content.question !== fingerprint()) throw refusal('This cursor belongs to a call with other arguments.')
  if (content.revision !== revision) {
    throw refusal(
      `The architecture changed since this cursor was given (revision ${content.revision}, now ${revision}).`,
    )
  }
  return { offset: content.offset, cursorAt }
}

function parseCursor(cursor: string): z.infer<typeof cursorContent> | undefined {
  try {
    return cursorContent.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function refusal(why: string): DomainError {
  return new DomainError('invalid_input', `${why} Call again without cursor to start over.`, {
    field: 'cursor',
  })
}
