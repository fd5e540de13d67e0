import { NormalizedSchema } from "@smithy/core/schema"

type SchemaRef = Parameters<typeof NormalizedSchema.of>[0]

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const scalar = (schema: NormalizedSchema, value: unknown): string | undefined => {
  if (schema.isStringSchema()) return typeof value === "string" ? undefined : "a string"
  if (schema.isBooleanSchema()) return typeof value === "boolean" ? undefined : "a boolean"
  if (schema.isNumericSchema() || schema.isTimestampSchema()) return typeof value === "number" ? undefined : "a number"
  return undefined
}

/** Where a JSON value differs from the shape that the vendor's SDK has for it; empty when it fits. */
const misfits = (ref: SchemaRef, value: unknown, path = "$"): ReadonlyArray<string> => {
  const schema = NormalizedSchema.of(ref)
  if (value === undefined || value === null) return value === null ? [`${path} is null`] : []
  if (schema.isStructSchema()) {
    if (!isObject(value)) return [`${path} is not a structure`]
    const members = new Map([...schema.structIterator()])
    return Object.entries(value).flatMap(([name, member]) => {
      const known = members.get(name)
      return known === undefined ? [`${path}.${name} is unknown`] : misfits(known, member, `${path}.${name}`)
    })
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) return [`${path} is not a list`]
    return value.flatMap((item: unknown, at) => misfits(schema.getValueSchema(), item, `${path}[${at}]`))
  }
  if (schema.isMapSchema()) {
    if (!isObject(value)) return [`${path} is not a map`]
    return Object.entries(value).flatMap(([key, item]) => misfits(schema.getValueSchema(), item, `${path}.${key}`))
  }
  const wanted = scalar(schema, value)
  return wanted === undefined ? [] : [`${path} is not ${wanted}`]
}

const OPERATION = 9
const OUTPUT_AT = 5

/** The shapes of an operation in a client package's exports: `RunTask$` and the like. */
const shapesOf = (sdk: object, operation: string): { readonly output: SchemaRef } | undefined => {
  const shape: unknown = Reflect.get(sdk, `${operation}$`)
  return Array.isArray(shape) && shape[0] === OPERATION ? { output: shape[OUTPUT_AT] } : undefined
}

/** Every answer in a journal that the SDK's own shapes do not allow; operations the SDK does not know are named too. */
export const misfitsIn = (
  sdk: object,
  entries: ReadonlyArray<{ readonly operation: string; readonly output: unknown; readonly error: string | undefined }>
): ReadonlyArray<string> =>
  entries.flatMap(({ operation, output, error }) => {
    if (error !== undefined || output === undefined) return []
    const shapes = shapesOf(sdk, operation)
    return shapes === undefined ? [`${operation} is unknown`] : misfits(shapes.output, output, operation)
  })
