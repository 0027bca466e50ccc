import type { Entity } from '../../model.ts'

/** Kinds of spans in the order of OTLP's numbers. */
export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
/** One of {@link spanKinds}. */
export type SpanKind = (typeof spanKinds)[number]

/** One operation of one service, as far as it tells about dependencies. All text in it is bounded. */
export interface Span {
  /** Trace and span id in hexadecimal, one after the other: unique everywhere. */
  id: string
  /** The same of the span that caused it; it may lie in another file or batch. */
  parentId: string | undefined
  /** What its resource says of the service; the same object for all spans of one resource. */
  service: Entity
  kind: SpanKind
  /** Raw; {@link operationOf} makes it presentable. */
  name: string
  /** Epoch milliseconds. */
  endedAt: number | undefined
  durationMs: number | undefined
  isError: boolean
  attributes: SpanAttributes
  /** Where the record it stands in begins. */
  place: { file: string; line: number }
}

/** The few attributes that are read, by their names. */
export type SpanAttributes = Readonly<Record<string, string>>

/** The attributes of a span without any. */
export const noAttributes: SpanAttributes = Object.freeze({})

/** @returns the first that is there: attributes were renamed over the years, and all names are still sent. */
export function attributeOf(attributes: SpanAttributes, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = attributes[name]
    if (value !== undefined && value !== '') return value
  }
  return undefined
}
