import { Schema } from "effect"

export const GroupRecord = Schema.Struct({
  name: Schema.String,
  createdAt: Schema.Number,
  retentionInDays: Schema.optionalKey(Schema.Number)
})

export const StreamRecord = Schema.Struct({
  group: Schema.String,
  name: Schema.String,
  createdAt: Schema.Number
})
export type StreamRecord = typeof StreamRecord.Type

/** An event; `sequence` rises by one within its stream, `visibleAt` is when readers may see it. */
export const EventRecord = Schema.Struct({
  sequence: Schema.Number,
  timestamp: Schema.Number,
  ingestedAt: Schema.Number,
  visibleAt: Schema.Number,
  message: Schema.String
})
export type EventRecord = typeof EventRecord.Type

/** How many lines of a container's output have been taken in. */
export const IntakeRecord = Schema.Struct({ id: Schema.String, lines: Schema.Number })

/** The key of a stream's row and the name of its log; no group's name holds a colon. */
export const streamKey = (group: string, stream: string): string => `${group}:${stream}`
