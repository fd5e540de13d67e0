import { userOperations } from "../accounts/user-operations.ts"
import { assigneeOperations } from "../issues/assignee-operations.ts"
import { commentOperations } from "../issues/comment-operations.ts"
import { labelOperations } from "../issues/label-operations.ts"
import { milestoneOperations } from "../issues/milestone-operations.ts"
import { issueOperations } from "../issues/operations.ts"
import { branchOperations } from "../git-data/branch-operations.ts"
import { commitOperations } from "../git-data/commit-operations.ts"
import { contentOperations } from "../git-data/content-operations.ts"
import { objectOperations } from "../git-data/object-operations.ts"
import { pullOperations } from "../pulls/operations.ts"
import { reviewOperations } from "../pulls/review-operations.ts"
import { checkOperations } from "../checks/operations.ts"
import { releaseOperations } from "../releases/operations.ts"
import { peopleOperations } from "../repositories/people-operations.ts"
import { searchOperations } from "../search/operations.ts"
import { gistOperations } from "../gists/operations.ts"
import { issueHistoryOperations } from "../issues/history-operations.ts"
import { organizationSecretOperations } from "../secrets/organization-operations.ts"
import { repositorySecretOperations } from "../secrets/repository-operations.ts"
import { keyOperations } from "../accounts/key-operations.ts"
import { hookOperations } from "../hooks/operations.ts"
import { orgOperations } from "../organizations/operations.ts"
import { teamOperations } from "../organizations/team-operations.ts"
import { protectionOperations } from "../protection/operations.ts"
import { upkeepOperations } from "../repositories/upkeep-operations.ts"
import { metaOperations } from "../meta/operations.ts"
import { repositoryOperations } from "../repositories/operations.ts"
import type { Operation } from "../wire/call.ts"

/** What is served, one list per noun. */
const nouns: ReadonlyArray<ReadonlyArray<Operation>> = [
  metaOperations,
  userOperations,
  repositoryOperations,
  issueOperations,
  commentOperations,
  labelOperations,
  milestoneOperations,
  assigneeOperations,
  branchOperations,
  commitOperations,
  objectOperations,
  contentOperations,
  pullOperations,
  reviewOperations,
  checkOperations,
  releaseOperations,
  searchOperations,
  peopleOperations,
  gistOperations,
  issueHistoryOperations,
  repositorySecretOperations,
  organizationSecretOperations,
  orgOperations,
  teamOperations,
  keyOperations,
  hookOperations,
  protectionOperations,
  upkeepOperations
]

/** What is served, by operation; everything else that GitHub describes answers its 404 and says its name. */
export const implemented: ReadonlyMap<string, Operation> = new Map(nouns.flat().map((one) => [one.id, one]))
