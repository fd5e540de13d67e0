import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { buildSchema, type GraphQLObjectType, type GraphQLSchema, isInterfaceType, isObjectType } from "graphql"

/** Resolves one field; source and arguments are what the schema says they are. */
export type Resolver = NonNullable<ReturnType<GraphQLObjectType["getFields"]>[string]["resolve"]>

/** The resolvers of one noun, by type and field. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>

const FILE = "schema.graphql"

/** In a bundle the schema lies beside the code; from source it is in the package, which exports no path to it. */
const sdl = (): string => {
  const packages = createRequire(import.meta.url).resolve.paths("@octokit/graphql-schema") ?? []
  const places = [import.meta.dirname, ...packages.map((folder) => join(folder, "@octokit/graphql-schema"))]
  const found = places.map((folder) => join(folder, FILE)).find((file) => existsSync(file))
  if (found === undefined) throw new Error(`${FILE} is in none of ${places.join(", ")}`)
  return readFileSync(found, "utf8")
}

/** GitHub's whole schema with our resolvers; a resolver of a field that GitHub does not have is a bug and throws. */
export const makeSchema = (nouns: ReadonlyArray<Resolvers>): GraphQLSchema => {
  const schema = buildSchema(sdl(), { assumeValidSDL: true, noLocation: true })
  for (const noun of nouns) {
    for (const [typeName, fields] of Object.entries(noun)) {
      const type = schema.getType(typeName)
      if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`GitHub's schema has no type ${typeName}`)
      for (const [fieldName, resolve] of Object.entries(fields)) {
        const field = type.getFields()[fieldName]
        if (field === undefined) throw new Error(`GitHub's schema has no field ${typeName}.${fieldName}`)
        field.resolve = resolve
      }
    }
  }
  return schema
}
