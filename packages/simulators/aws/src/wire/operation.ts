import type { View } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { type AwsFault, awsFault } from "./aws-fault.ts"
import type { Credential } from "./signature.ts"

/** What an operation knows of the request around its input. */
export interface Call {
  readonly view: View
  readonly requestId: string
  readonly caller: Credential
}

/** One operation of a service. */
export interface Operation {
  readonly name: string
  /** What the fault plan's `resource` is matched against. */
  readonly resourceOf: (input: unknown) => string
  readonly apply: (input: unknown, call: Call) => Effect.Effect<object, AwsFault>
}

/** Members by which inputs name the thing they are about, most telling first. */
const naming = [
  "FunctionName",
  "task",
  "tasks",
  "family",
  "taskDefinition",
  "cluster",
  "repositoryName",
  "logGroupName",
  "resourceArn",
  "ResourceARN",
  "GroupId",
  "GroupName",
  "RoleName",
  "FileSystemId",
  "AccessPointId",
  "Name",
  "Id",
  "name"
]

const resourceIn = (input: unknown): string => {
  if (typeof input !== "object" || input === null) return ""
  const value: unknown = naming.map((name) => Reflect.get(input, name)).find((found) => found !== undefined)
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value)
}

/** An operation whose input has this form; anything else is refused before it is applied. */
export const operation = <T>(
  name: string,
  input: Schema.ConstraintDecoder<T>,
  apply: (input: T, call: Call) => Effect.Effect<object, AwsFault>
): Operation => {
  const decode = Schema.decodeUnknownResult(input)
  return {
    name,
    resourceOf: resourceIn,
    apply: (raw, call) => {
      const decoded = decode(raw)
      return decoded._tag === "Success"
        ? apply(decoded.success, call)
        : refuse(`${name}: ${decoded.failure.message.slice(0, 400)}`)
    }
  }
}

const refuse = (text: string): Effect.Effect<never, AwsFault> => Effect.fail(awsFault("ValidationException", text))
