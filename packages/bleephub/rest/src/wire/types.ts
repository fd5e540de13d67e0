import type { components, operations } from "@octokit/openapi-types"

/** GitHub's JSON by its own names. */
export type Schemas = components["schemas"]

export type OperationId = keyof operations

type Part<Id extends OperationId, Name extends "path" | "query"> =
  operations[Id] extends Readonly<Record<"parameters", { readonly [K in Name]?: infer P }>> ? NonNullable<P> : never

// Ids that GitHub declares as 64 bits wide are numbers here, as JSON has them.
type Numbers<P> = { readonly [K in keyof P]: Exclude<P[K], bigint> }

export type PathOf<Id extends OperationId> = Numbers<Part<Id, "path">>
export type QueryOf<Id extends OperationId> = Part<Id, "query">

export type BodyOf<Id extends OperationId> =
  NonNullable<operations[Id] extends { requestBody?: infer B } ? B : never> extends {
    readonly content: { readonly "application/json": infer J }
  }
    ? J
    : undefined

type Responses<Id extends OperationId> = operations[Id]["responses"]

type ContentOf<R> = R extends { readonly content: { readonly "application/json": infer J } }
  ? J
  : R extends { readonly content?: never }
    ? undefined
    : never

/** What the operation answers when it works: the JSON of any 2xx, or undefined for an empty one. */
export type AnswerOf<Id extends OperationId> = {
  [S in keyof Responses<Id>]: S extends 200 | 201 | 202 | 204 ? ContentOf<Responses<Id>[S]> : never
}[keyof Responses<Id>]
