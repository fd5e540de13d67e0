import type { Resolvers } from "./engine/schema.ts"
import { issueMutations } from "./mutations/issues.ts"
import { repositoryMutations } from "./mutations/repositories.ts"
import { pullMutations } from "./mutations/pulls.ts"
import { checkResolvers } from "./nodes/checks.ts"
import { commitResolvers } from "./nodes/commits.ts"
import { pullResolvers } from "./nodes/pulls.ts"
import { releaseResolvers } from "./nodes/releases.ts"
import { searchResolvers } from "./nodes/search.ts"
import { accountResolvers } from "./nodes/accounts.ts"
import { issueResolvers } from "./nodes/issues.ts"
import { queryResolvers } from "./nodes/query.ts"
import { repositoryResolvers } from "./nodes/repositories.ts"

/** Every noun's resolvers; a new noun adds its own here. */
export const allResolvers: ReadonlyArray<Resolvers> = [
  queryResolvers,
  accountResolvers,
  repositoryResolvers,
  issueResolvers,
  repositoryMutations,
  issueMutations,
  pullResolvers,
  commitResolvers,
  checkResolvers,
  searchResolvers,
  releaseResolvers,
  pullMutations
]
