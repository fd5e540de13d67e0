import { wholeBody } from "@sockerless/simulator-kit"
import { Effect, Option, Schema } from "effect"
import { XMLParser } from "fast-xml-parser"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { unchunked } from "./chunked.ts"
import type { S3Call } from "./asked.ts"

const LIMIT = 1024 * 1024
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => name === "Tag" || name === "Part" || name === "Object"
})

/** Whether the body travels in `aws-chunked` framing. */
const isChunked = (call: S3Call): boolean => call.signed.payload.startsWith("STREAMING-")

/** The body's bytes, unframed. */
export const payloadOf = (call: S3Call): AsyncIterable<Buffer> => {
  const body: AsyncIterable<Buffer> = call.request.body
  return isChunked(call) ? unchunked(body) : body
}

/** The body's text. */
export const bodyText = (call: S3Call): Effect.Effect<string, AwsFault> =>
  wholeBody(call.request.body, LIMIT).pipe(
    Effect.flatMap((body) =>
      isChunked(call)
        ? Effect.promise(async () => {
            const pieces: Array<Buffer> = []
            const whole = async function* (): AsyncGenerator<Buffer> {
              yield body
            }
            for await (const piece of unchunked(whole())) pieces.push(piece)
            return Buffer.concat(pieces).toString("utf8")
          })
        : Effect.succeed(body.toString("utf8"))
    ),
    Effect.mapError((fault) => awsFault("EntityTooLarge", fault.message))
  )

/** The body as an XML document of this form. */
export const xmlBody = <T>(call: S3Call, schema: Schema.ConstraintDecoder<T>): Effect.Effect<T, AwsFault> =>
  Effect.flatMap(bodyText(call), (text) => {
    const found = Option.liftThrowable((xml: string): unknown => parser.parse(xml))(text)
    const decoded = Option.flatMap(found, Schema.decodeUnknownOption(schema))
    return Option.isSome(decoded)
      ? Effect.succeed(decoded.value)
      : Effect.fail(
          awsFault(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema"
          )
        )
  })

const TagSet = Schema.Struct({
  Tagging: Schema.Struct({
    TagSet: Schema.Union([
      Schema.Struct({
        Tag: Schema.optionalKey(Schema.Array(Schema.Struct({ Key: Schema.String, Value: Schema.String })))
      }),
      Schema.Literal("")
    ])
  })
})

/** The tags in a `Tagging` document. */
export const tagsInBody = (call: S3Call): Effect.Effect<Readonly<Record<string, string>>, AwsFault> =>
  Effect.map(xmlBody(call, TagSet), ({ Tagging }) =>
    Tagging.TagSet === "" ? {} : Object.fromEntries((Tagging.TagSet.Tag ?? []).map((tag) => [tag.Key, tag.Value]))
  )
