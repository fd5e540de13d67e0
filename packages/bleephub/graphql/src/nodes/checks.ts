import { type CheckRun, type Checks, type CommitStatus, nodeId, type Repository } from "@sockerless/bleephub-core"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { accountNode } from "./node.ts"
import { isoTime, isoTimeOrNull } from "./time.ts"

interface CheckRunNode {
  readonly type: "CheckRun"
  readonly row: CheckRun
}

interface StatusNode {
  readonly type: "StatusContext"
  readonly row: CommitStatus
}

/** The check runs and statuses of a commit as one list. */
export const checkContexts =
  (_repository: Repository, checks: Checks) => (args: PageArguments, _context: Context, info: GraphQLResolveInfo) => {
    const all = [
      ...checks.runs.map((row) => ({ id: `run ${row.id}`, node: { type: "CheckRun" as const, row } })),
      ...checks.statuses.map((row) => ({ id: `status ${row.id}`, node: { type: "StatusContext" as const, row } }))
    ]
    return {
      ...connection<(typeof all)[number]>(all, args, info, ({ node }) => node),
      checkRunCount: checks.runs.length,
      statusContextCount: checks.statuses.length,
      checkRunCountsByState: [],
      statusContextCountsByState: []
    }
  }

/** Check runs and commit statuses. */
export const checkResolvers: Resolvers = {
  CheckRun: {
    id: (node: CheckRunNode) => nodeId("CR", node.row.id),
    databaseId: (node: CheckRunNode) => node.row.id,
    name: (node: CheckRunNode) => node.row.name,
    status: (node: CheckRunNode) => node.row.status.toUpperCase(),
    conclusion: (node: CheckRunNode) => node.row.conclusion?.toUpperCase() ?? null,
    startedAt: (node: CheckRunNode) => isoTimeOrNull(node.row.startedAt),
    completedAt: (node: CheckRunNode) => isoTimeOrNull(node.row.completedAt),
    detailsUrl: (node: CheckRunNode) => node.row.detailsUrl,
    url: (node: CheckRunNode) => node.row.detailsUrl,
    permalink: (node: CheckRunNode) => node.row.detailsUrl,
    title: (node: CheckRunNode) => node.row.title,
    summary: (node: CheckRunNode) => node.row.summary,
    isRequired: () => false,
    checkSuite: (node: CheckRunNode) => ({ type: "CheckSuite", id: nodeId("CS", node.row.suiteId), workflowRun: null })
  },
  StatusContext: {
    id: (node: StatusNode) => nodeId("SC", node.row.id),
    context: (node: StatusNode) => node.row.context,
    state: (node: StatusNode) => node.row.state.toUpperCase(),
    description: (node: StatusNode) => node.row.description,
    targetUrl: (node: StatusNode) => node.row.targetUrl,
    createdAt: (node: StatusNode) => isoTime(node.row.createdAt),
    creator: (node: StatusNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.creatorId)),
    isRequired: () => false
  }
}
