import { Option, Schema } from "effect"

const SyncMessage = Schema.fromJsonString(
  Schema.Struct({
    data: Schema.optionalKey(Schema.Number),
    pid: Schema.optionalKey(Schema.Number),
    message: Schema.optionalKey(Schema.NullOr(Schema.String))
  })
)
const decode = Schema.decodeUnknownOption(SyncMessage)

/** One line of conmon's sync pipe: a number (a pid, an exit code, or negative for a failure) and perhaps words. */
export interface Word {
  readonly number: number
  readonly message: string | undefined
}

/** What a line of the sync pipe says; undefined when it is none. */
export const syncWord = (line: string): Word | undefined =>
  Option.getOrUndefined(
    Option.map(decode(line), ({ data, pid, message }) => ({ number: data ?? pid ?? -1, message: message ?? undefined }))
  )

/** As `syncWord`, the number alone. */
export const syncNumber = (line: string): number | undefined => syncWord(line)?.number
