import {
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLSchema,
  isNonNullType,
  OverlappingFieldsCanBeMergedRule,
  parse,
  specifiedRules,
  validate
} from "graphql"
import { allResolvers } from "../resolvers.ts"
import type { Context } from "./context.ts"
import { checkSize } from "./limits.ts"
import { printError, problem } from "./problem.ts"
import { makeSchema, type Resolver } from "./schema.ts"

let known: GraphQLSchema | undefined

/** The schema, built when the first query comes: a start must not wait for it. */
const schema = (): GraphQLSchema => (known ??= makeSchema(allResolvers))

// gh asks for `state` of an issue and of a pull request under one name, which have two types; GitHub allows it.
const rules = specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule)

const CACHE_LIMIT = 500

interface Prepared {
  readonly document: DocumentNode
  readonly errors: ReadonlyArray<GraphQLError>
}

const prepared = new Map<string, Prepared>()

const prepare = (query: string): Prepared => {
  const cached = prepared.get(query)
  if (cached !== undefined) return cached
  const document = parse(query)
  const made = { document, errors: validate(schema(), document, rules) }
  if (prepared.size >= CACHE_LIMIT) prepared.clear()
  prepared.set(query, made)
  return made
}

/** What nothing resolves is null where GitHub allows null, and an error that says so where it does not. */
const fallback: Resolver = (source, args, context: Context, info) => {
  const value: unknown = source?.[info.fieldName]
  if (typeof value === "function") return value.call(source, args, context, info)
  if (value !== undefined) return value
  const field = `${info.parentType.name}.${info.fieldName}`
  context.unresolved(field)
  if (isNonNullType(info.returnType)) throw problem("NOT_IMPLEMENTED", `bleephub does not resolve ${field}`)
  return null
}

export interface GraphQLRequest {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
}

/** Runs one GraphQL request and returns GitHub's envelope. */
export const executeQuery = async (
  request: GraphQLRequest,
  context: Context,
  defect: (error: unknown) => void
): Promise<object> => {
  const print = (error: GraphQLError): object => printError(error, defect)
  try {
    const { document, errors } = prepare(request.query)
    if (errors.length > 0) return { errors: errors.map(print) }
    checkSize(document, request.variables)
    const result = await execute({
      schema: schema(),
      document,
      variableValues: request.variables,
      operationName: request.operationName ?? null,
      contextValue: context,
      rootValue: {},
      fieldResolver: fallback,
      typeResolver: (value: { readonly type?: string }) => value.type
    })
    return { data: result.data ?? null, ...(result.errors && { errors: result.errors.map(print) }) }
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [print(error)] }
    throw error
  }
}
