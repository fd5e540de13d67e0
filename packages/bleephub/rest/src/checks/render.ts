import { type CheckRun, type CheckSuite, type CommitStatus, fullName, nodeId } from "@sockerless/bleephub-core"
import { isoTime, isoTimeOrNull, simpleUser } from "../accounts/render.ts"
import { minimalRepository, type View } from "../repositories/render.ts"
import type { Schemas } from "../wire/types.ts"

const apiOf = (view: View, repositoryId: number): string =>
  `${view.urls.api}/repos/${fullName(view.hub, view.hub.tables.repositories.need(repositoryId))}`

/** A commit status. */
export const statusJson = (view: View, status: CommitStatus): Schemas["status"] => {
  const creator = simpleUser(view.urls, view.hub.tables.accounts.need(status.creatorId))
  return {
    url: `${apiOf(view, status.repositoryId)}/statuses/${status.sha}`,
    avatar_url: creator.avatar_url,
    id: status.id,
    node_id: nodeId("SC", status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: isoTime(status.createdAt),
    updated_at: isoTime(status.updatedAt),
    creator
  }
}

/** A commit status inside a combined one. */
export const simpleStatus = (view: View, status: CommitStatus): Schemas["simple-commit-status"] => {
  const { creator: _, ...rest } = statusJson(view, status)
  return { ...rest, description: rest.description ?? null }
}

/** A check run. */
export const checkRunJson = (view: View, run: CheckRun): Schemas["check-run"] => {
  const api = apiOf(view, run.repositoryId)
  const url = `${api}/check-runs/${run.id}`
  return {
    id: run.id,
    head_sha: run.sha,
    node_id: nodeId("CR", run.id),
    external_id: run.externalId,
    url,
    html_url: url.replace("/api/v3/repos", ""),
    details_url: run.detailsUrl,
    status: run.status,
    // GitHub's description of a run does not know what its description of a filter does.
    conclusion: run.conclusion === "stale" ? "neutral" : run.conclusion,
    started_at: isoTimeOrNull(run.startedAt),
    completed_at: isoTimeOrNull(run.completedAt),
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`
    },
    name: run.name,
    check_suite: { id: run.suiteId },
    app: null,
    pull_requests: []
  }
}

/** A check suite. */
export const checkSuiteJson = (view: View, suite: CheckSuite): Schemas["check-suite"] => {
  const { hub } = view
  const repository = hub.tables.repositories.need(suite.repositoryId)
  const runs = hub.tables.checkRuns.where("suite", suite.id)
  const done = runs.length > 0 && runs.every((run) => run.status === "completed")
  const bad = runs.some((run) => !["success", "neutral", "skipped"].includes(run.conclusion ?? ""))
  const url = `${apiOf(view, suite.repositoryId)}/check-suites/${suite.id}`
  return {
    id: suite.id,
    node_id: nodeId("CS", suite.id),
    head_branch: null,
    head_sha: suite.sha,
    status: done ? "completed" : "queued",
    conclusion: done ? (bad ? "failure" : "success") : null,
    url,
    before: null,
    after: null,
    pull_requests: [],
    app: null,
    repository: minimalRepository(view, repository),
    created_at: isoTime(suite.createdAt),
    updated_at: isoTime(suite.updatedAt),
    head_commit: {
      id: suite.sha,
      tree_id: suite.sha,
      message: "",
      timestamp: isoTime(suite.createdAt),
      author: null,
      committer: null
    },
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`
  }
}
