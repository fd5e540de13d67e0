export { graphqlApp, type GraphQLOptions } from "./http.ts"
