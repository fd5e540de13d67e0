import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode, type ValueNode } from "graphql"
import { problem } from "./problem.ts"

const NODE_LIMIT = 500_000
const DEPTH_LIMIT = 50

const numberOf = (value: ValueNode | undefined, variables: Readonly<Record<string, unknown>>): number => {
  if (value?.kind === Kind.INT) return Number(value.value)
  if (value?.kind === Kind.VARIABLE) return Number(variables[value.name.value]) || 0
  return 0
}

/** Throws GitHub's refusal of a query that could return too many nodes or is nested too deeply. */
export const checkSize = (document: DocumentNode, variables: Readonly<Record<string, unknown>>): void => {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const part of document.definitions) {
    if (part.kind === Kind.FRAGMENT_DEFINITION) fragments.set(part.name.value, part)
  }
  let nodes = 0
  const walk = (set: SelectionSetNode | undefined, factor: number, depth: number): void => {
    if (set === undefined) return
    if (depth > DEPTH_LIMIT) throw problem("UNPROCESSABLE", `Query has depth of more than ${DEPTH_LIMIT}.`)
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        walk(fragments.get(selection.name.value)?.selectionSet, factor, depth + 1)
        continue
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, factor, depth + 1)
        continue
      }
      const bound = selection.arguments?.find((one) => one.name.value === "first" || one.name.value === "last")
      const inner = bound === undefined ? factor : factor * Math.max(1, numberOf(bound.value, variables))
      if (bound !== undefined) nodes += inner
      if (nodes > NODE_LIMIT) {
        throw problem(
          "MAX_NODE_LIMIT_EXCEEDED",
          `This query requests up to ${nodes.toLocaleString("en-US")} possible nodes which exceeds the maximum limit of 500,000.`
        )
      }
      walk(selection.selectionSet, inner, depth + 1)
    }
  }
  for (const part of document.definitions) {
    if (part.kind === Kind.OPERATION_DEFINITION) walk(part.selectionSet, 1, 0)
  }
}
