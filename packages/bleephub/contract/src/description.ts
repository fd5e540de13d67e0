import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

/** A JSON Schema as OpenAPI 3.0 writes it, as far as this package reads it. */
export interface Shape {
  readonly $ref?: string
  readonly type?: string
  readonly nullable?: boolean
  readonly enum?: ReadonlyArray<unknown>
  readonly required?: ReadonlyArray<string>
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly oneOf?: ReadonlyArray<Shape>
  readonly anyOf?: ReadonlyArray<Shape>
  readonly allOf?: ReadonlyArray<Shape>
}

export interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: Shape
}

export interface Content {
  readonly schema?: Shape
}

export interface Answer {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, Content>>
}

export interface DescribedOperation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, Answer>>
}

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Shape>>
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly responses: Readonly<Record<string, Answer>>
  }
}

const require = createRequire(import.meta.url)

let known: Description | undefined

/** GitHub's own description of its REST API, read once per process. */
export const description = (): Description => {
  if (known !== undefined) return known
  // The package's root requires all ten descriptions (385 MB); only this one file is read.
  const root = require.resolve("@octokit/openapi/package.json")
  const read: Description = JSON.parse(
    readFileSync(root.replace(/package\.json$/, "generated/api.github.com.json"), "utf8")
  )
  known = read
  return read
}

/** Follows `$ref` into the components; a reference to nothing is a broken description. */
export const resolveShape = (shape: Shape): Shape => {
  if (shape.$ref === undefined) return shape
  const found = description().components.schemas[shape.$ref.replace("#/components/schemas/", "")]
  if (found === undefined) throw new Error(`the description has no ${shape.$ref}`)
  return resolveShape(found)
}

/** Follows a parameter's `$ref`. */
export const resolveParameter = (parameter: Parameter): Parameter => {
  if (parameter.$ref === undefined) return parameter
  const found = description().components.parameters[parameter.$ref.replace("#/components/parameters/", "")]
  if (found === undefined) throw new Error(`the description has no ${parameter.$ref}`)
  return found
}
