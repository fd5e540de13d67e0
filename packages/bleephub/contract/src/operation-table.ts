import {
  description,
  type DescribedOperation,
  type Parameter,
  resolveParameter,
  resolveShape,
  type Shape
} from "./description.ts"

const METHODS = ["get", "post", "put", "patch", "delete"]

const letters: Readonly<Record<string, string>> = {
  string: "s",
  integer: "i",
  number: "n",
  boolean: "b",
  array: "a",
  object: "o"
}

/** The JSON types a shape admits, one letter each; empty when it admits anything. `z` is null. */
const typesOf = (shape: Shape): string => {
  const whole = resolveShape(shape)
  const found = new Set<string>()
  if (whole.nullable === true) found.add("z")
  if (whole.type !== undefined) found.add(letters[whole.type] ?? "")
  for (const part of [...(whole.oneOf ?? []), ...(whole.anyOf ?? []), ...(whole.allOf ?? [])]) {
    for (const letter of typesOf(part)) found.add(letter)
  }
  return [...found].toSorted().join("")
}

const enumOf = (shape: Shape): string => {
  const values = resolveShape(shape).enum?.filter((value) => typeof value === "string") ?? []
  return values.length === 0 ? "" : `(${values.join("|")})`
}

const parametersOf = (parameters: ReadonlyArray<Parameter>, place: string): string =>
  parameters
    .map(resolveParameter)
    .filter((parameter) => parameter.in === place)
    .map((parameter) => `${parameter.name}:${typesOf(parameter.schema ?? {})}${enumOf(parameter.schema ?? {})}`)
    .join(",")

const bodyOf = (operation: DescribedOperation): string => {
  const shape = operation.requestBody?.content["application/json"]?.schema
  // A body of another kind than JSON is the operation's own to read.
  if (shape === undefined) return "-"
  const whole = resolveShape(shape)
  if (whole.properties === undefined) return "*"
  const required = new Set(whole.required)
  return Object.entries(whole.properties)
    .map(([name, part]) => `${name}${required.has(name) ? "!" : ""}:${typesOf(part)}${enumOf(part)}`)
    .join(",")
}

const line = (path: string, method: string, operation: DescribedOperation): string => {
  const success = Object.keys(operation.responses).filter((status) => status.startsWith("2"))
  const parameters = operation.parameters ?? []
  return [
    operation.operationId,
    method.toUpperCase(),
    path,
    success.join("|") || "-",
    parametersOf(parameters, "path") || "-",
    parametersOf(parameters, "query") || "-",
    bodyOf(operation) || "*"
  ].join(" ")
}

/**
 * Every operation GitHub describes as one line: id, method, path, success statuses, path parameters, query
 * parameters, body fields (`!` required; letters are JSON types; values of an enumeration in parentheses).
 */
export const operationTable = (): ReadonlyArray<string> =>
  Object.entries(description().paths)
    .flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = item[method]
        return operation === undefined ? [] : [line(path, method, operation)]
      })
    )
    .toSorted()
