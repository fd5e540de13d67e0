import { isHubFault, type HubFault } from "@sockerless/bleephub-core"
import { GraphQLError } from "graphql"

/** GitHub's kinds of GraphQL errors, as clients match them. */
export type ProblemType =
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "UNPROCESSABLE"
  | "INSUFFICIENT_SCOPES"
  | "MISSING_PAGINATION_BOUNDARIES"
  | "EXCESSIVE_PAGINATION"
  | "MAX_NODE_LIMIT_EXCEEDED"
  | "NOT_IMPLEMENTED"
  | "INTERNAL"

/** An error with GitHub's type. */
export const problem = (type: ProblemType, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { type } })

const TYPE: Readonly<Record<HubFault["kind"], ProblemType>> = {
  "bad-request": "UNPROCESSABLE",
  unauthenticated: "FORBIDDEN",
  forbidden: "FORBIDDEN",
  "not-found": "NOT_FOUND",
  "not-allowed": "UNPROCESSABLE",
  conflict: "UNPROCESSABLE",
  gone: "UNPROCESSABLE",
  invalid: "UNPROCESSABLE"
}

const textOf = (fault: HubFault): string => {
  if (fault.kind !== "invalid") return fault.message
  const texts = fault.errors.map((error: unknown) => {
    if (typeof error === "string") return error
    if (typeof error !== "object" || error === null) return ""
    const { message, field, code }: { message?: unknown; field?: unknown; code?: unknown } = error
    return typeof message === "string" ? message : `${String(field)} ${String(code).replaceAll("_", " ")}`
  })
  return texts.filter((text) => text !== "").join(", ") || fault.message
}

/** One error as GitHub prints it; `defect` hears of what nobody foresaw. */
export const printError = (error: GraphQLError, defect: (error: unknown) => void): object => {
  const original = error.originalError
  const place = { path: error.path, locations: error.locations }
  if (isHubFault(original)) return { type: TYPE[original.kind], ...place, message: textOf(original) }
  const type = error.extensions["type"]
  if (typeof type === "string") return { type, ...place, message: error.message }
  if (original === undefined || original === null || original instanceof GraphQLError) {
    return { ...place, message: error.message }
  }
  defect(original)
  return { type: "INTERNAL", ...place, message: "Something went wrong while executing your query." }
}
