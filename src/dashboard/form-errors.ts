import type { z } from 'zod'
import type { FieldErrors } from '../http/view-data.ts'

/** The first complaint about each field. */
export function fieldErrors(error: z.ZodError | undefined): FieldErrors {
  const errors: FieldErrors = {}
  for (const { path, message } of error?.issues ?? []) errors[path.join('.')] ??= message
  return errors
}
