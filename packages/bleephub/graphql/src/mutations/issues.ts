import type {
  AddCommentInput,
  CloseIssueInput,
  CreateIssueInput,
  LockLockableInput,
  UpdateIssueInput
} from "@octokit/graphql-schema"
import {
  createComment,
  createIssue,
  deleteComment,
  deleteIssue,
  type Issue,
  type IssueChange,
  requireAdmin,
  requireTriage,
  requireWriter,
  setLabels,
  setLocked,
  setPinned,
  updateComment,
  updateIssue
} from "@sockerless/bleephub-core"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { commentNode, issueNode, repositoryNode, rowOf } from "../nodes/node.ts"
import { accountLogins, labelNames, milestoneNumber } from "./names.ts"

const issueOf = (context: Context, id: string): Issue =>
  rowOf(context, id, ["I", "PR"], (row) => context.hub.tables.issues.get(row))

const repositoryOf = (context: Context, issue: { readonly repositoryId: number }) =>
  context.hub.tables.repositories.need(issue.repositoryId)

const change = async (context: Context, issue: Issue, what: IssueChange) =>
  issueNode(
    await context.hub.change(() => updateIssue(context.hub, context.viewer, repositoryOf(context, issue), issue, what))
  )

const REASON = { COMPLETED: "completed", NOT_PLANNED: "not_planned", DUPLICATE: "duplicate" } as const

interface LabelableInput {
  readonly labelableId: string
  readonly labelIds: ReadonlyArray<string>
}

const labelled = async (context: Context, input: LabelableInput, add: boolean) => {
  const issue = issueOf(context, input.labelableId)
  const actor = requireTriage(context.hub, context.viewer, repositoryOf(context, issue))
  const ids = input.labelIds.map((id) => rowOf(context, id, ["LA"], (row) => context.hub.tables.labels.get(row)).id)
  const next = add ? [...issue.labelIds, ...ids] : issue.labelIds.filter((id) => !ids.includes(id))
  return { labelable: issueNode(await context.hub.change(() => setLabels(context.hub, actor, issue, next))) }
}

const lock = async (context: Context, id: string, locked: boolean, reason: string | null) => {
  const issue = issueOf(context, id)
  const actor = requireWriter(context.hub, context.viewer, repositoryOf(context, issue))
  const after = await context.hub.change(() => setLocked(context.hub, actor, issue, locked, reason))
  return { actor: null, lockedRecord: issueNode(after), unlockedRecord: issueNode(after) }
}

const pin = async (context: Context, id: string, pinned: boolean) => {
  const issue = issueOf(context, id)
  const actor = requireWriter(context.hub, context.viewer, repositoryOf(context, issue))
  return { issue: issueNode(await context.hub.change(() => setPinned(context.hub, actor, issue, pinned))) }
}

/** Opening, changing and talking about issues. */
export const issueMutations: Resolvers = {
  Mutation: {
    createIssue: async (_root: object, { input }: { readonly input: CreateIssueInput }, context: Context) => {
      const repository = rowOf(context, input.repositoryId, ["R"], (id) => context.hub.tables.repositories.get(id))
      const issue = await context.hub.change(() =>
        createIssue(context.hub, context.viewer, repository, {
          title: input.title,
          body: input.body ?? null,
          labels: labelNames(context, input.labelIds ?? []),
          assignees: accountLogins(context, input.assigneeIds ?? []),
          milestone: input.milestoneId ? milestoneNumber(context, input.milestoneId) : null
        })
      )
      return { issue: issueNode(issue) }
    },
    updateIssue: async (_root: object, { input }: { readonly input: UpdateIssueInput }, context: Context) => {
      const issue = issueOf(context, input.id)
      const after = await change(context, issue, {
        title: input.title ?? undefined,
        body: input.body ?? undefined,
        state: input.state === "OPEN" ? "open" : input.state === "CLOSED" ? "closed" : undefined,
        labels: input.labelIds ? labelNames(context, input.labelIds) : undefined,
        assignees: input.assigneeIds ? accountLogins(context, input.assigneeIds) : undefined,
        milestone:
          input.milestoneId === undefined
            ? undefined
            : input.milestoneId === null
              ? null
              : milestoneNumber(context, input.milestoneId)
      })
      return { issue: after }
    },
    closeIssue: async (_root: object, { input }: { readonly input: CloseIssueInput }, context: Context) => ({
      issue: await change(context, issueOf(context, input.issueId), {
        state: "closed",
        stateReason: REASON[input.stateReason ?? "COMPLETED"]
      })
    }),
    reopenIssue: async (
      _root: object,
      { input }: { readonly input: { readonly issueId: string } },
      context: Context
    ) => ({
      issue: await change(context, issueOf(context, input.issueId), { state: "open" })
    }),
    deleteIssue: async (
      _root: object,
      { input }: { readonly input: { readonly issueId: string } },
      context: Context
    ) => {
      const issue = issueOf(context, input.issueId)
      const repository = repositoryOf(context, issue)
      const actor = requireAdmin(context.hub, context.viewer, repository)
      await context.hub.change(() => deleteIssue(context.hub, actor, issue))
      return { repository: repositoryNode(repository) }
    },
    addComment: async (_root: object, { input }: { readonly input: AddCommentInput }, context: Context) => {
      const issue = issueOf(context, input.subjectId)
      const comment = await context.hub.change(() =>
        createComment(context.hub, context.viewer, repositoryOf(context, issue), issue, input.body)
      )
      const node = commentNode(comment)
      return { subject: issueNode(issue), commentEdge: { cursor: String(comment.id), node } }
    },
    updateIssueComment: async (
      _root: object,
      { input }: { readonly input: { readonly id: string; readonly body: string } },
      context: Context
    ) => {
      const comment = rowOf(context, input.id, ["IC"], (id) => context.hub.tables.comments.get(id))
      const after = await context.hub.change(() =>
        updateComment(context.hub, context.viewer, repositoryOf(context, comment), comment, input.body)
      )
      return { issueComment: commentNode(after) }
    },
    deleteIssueComment: async (
      _root: object,
      { input }: { readonly input: { readonly id: string } },
      context: Context
    ) => {
      const comment = rowOf(context, input.id, ["IC"], (id) => context.hub.tables.comments.get(id))
      await context.hub.change(() =>
        deleteComment(context.hub, context.viewer, repositoryOf(context, comment), comment)
      )
      return {}
    },
    addLabelsToLabelable: (_root: object, { input }: { readonly input: LabelableInput }, context: Context) =>
      labelled(context, input, true),
    removeLabelsFromLabelable: (_root: object, { input }: { readonly input: LabelableInput }, context: Context) =>
      labelled(context, input, false),
    lockLockable: (_root: object, { input }: { readonly input: LockLockableInput }, context: Context) =>
      lock(context, input.lockableId, true, input.lockReason?.toLowerCase().replace("_", "-") ?? null),
    unlockLockable: (_root: object, { input }: { readonly input: { readonly lockableId: string } }, context: Context) =>
      lock(context, input.lockableId, false, null),
    pinIssue: (_root: object, { input }: { readonly input: { readonly issueId: string } }, context: Context) =>
      pin(context, input.issueId, true),
    unpinIssue: (_root: object, { input }: { readonly input: { readonly issueId: string } }, context: Context) =>
      pin(context, input.issueId, false)
  }
}
