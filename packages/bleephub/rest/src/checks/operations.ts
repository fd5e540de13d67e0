import {
  type CheckRun,
  type CheckRunChange,
  checksOf,
  combinedState,
  createCheckRun,
  createStatus,
  ensureSuite,
  findCheckRun,
  findRepository,
  notFound,
  type Repository,
  requireWriter,
  unprocessable,
  updateCheckRun
} from "@sockerless/bleephub-core"
import { resolve } from "@sockerless/bleephub-git"
import { pathOf } from "../git-data/render.ts"
import { minimalRepository } from "../repositories/render.ts"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { checkRunJson, checkSuiteJson, simpleStatus, statusJson } from "./render.ts"

const shaOf = async (call: Call<OperationId>, repository: Repository, ref: string): Promise<string> => {
  const sha = await resolve(pathOf(call, repository), `${ref}^{commit}`)
  if (sha === undefined) throw unprocessable(`No commit found for SHA: ${ref}`)
  return sha
}

interface RunFields {
  readonly name?: string
  readonly status?: CheckRun["status"]
  readonly conclusion?: CheckRun["conclusion"]
  readonly details_url?: string
  readonly external_id?: string
  readonly started_at?: string
  readonly completed_at?: string
  readonly output?: {
    readonly title?: string
    readonly summary?: string
    readonly text?: string
    readonly annotations?: ReadonlyArray<object>
  }
}

const changeOf = (body: RunFields): CheckRunChange => ({
  ...(body.name !== undefined && { name: body.name }),
  ...(body.status !== undefined && { status: body.status }),
  ...(body.conclusion !== undefined && { conclusion: body.conclusion }),
  ...(body.details_url !== undefined && { detailsUrl: body.details_url }),
  ...(body.external_id !== undefined && { externalId: body.external_id }),
  ...(body.started_at !== undefined && { startedAt: Date.parse(body.started_at) }),
  ...(body.completed_at !== undefined && { completedAt: Date.parse(body.completed_at) }),
  ...(body.output !== undefined && {
    title: body.output.title ?? null,
    summary: body.output.summary ?? null,
    text: body.output.text ?? null,
    annotations: (body.output.annotations ?? []).map((one) => ({ ...one }))
  })
})

interface RunFilter {
  readonly check_name?: string | undefined
  readonly status?: string | undefined
}

const matching = (runs: ReadonlyArray<CheckRun>, query: RunFilter): ReadonlyArray<CheckRun> =>
  runs
    .filter((run) => query.check_name === undefined || run.name === query.check_name)
    .filter((run) => query.status === undefined || run.status === query.status)

const statusOperations = [
  operation("repos/create-commit-status", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const sha = await shaOf(call, repository, call.path.sha)
    const { state, context = "default", description = null, target_url: targetUrl = null } = call.body
    const status = await call.hub.change(() =>
      createStatus(call.hub, actor, repository, sha, { state, context, description, targetUrl })
    )
    return statusJson(call, status)
  }),
  operation("repos/list-commit-statuses-for-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const sha = await shaOf(call, repository, call.path.ref)
    const all = call.hub.tables.statuses.where("commit", `${repository.id} ${sha}`).toReversed()
    return call.page(all, (status) => statusJson(call, status))
  }),
  operation("repos/get-combined-status-for-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const sha = await shaOf(call, repository, call.path.ref)
    const { statuses } = checksOf(call.hub, repository, sha)
    const { url } = minimalRepository(call, repository)
    return {
      state: combinedState(statuses),
      statuses: call.page(statuses, (status) => simpleStatus(call, status)),
      sha,
      total_count: statuses.length,
      repository: minimalRepository(call, repository),
      commit_url: `${url}/commits/${sha}`,
      url: `${url}/commits/${sha}/status`
    }
  })
]

const runOperations = [
  operation("checks/create", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const sha = await shaOf(call, repository, call.body.head_sha)
    const change = { ...changeOf(call.body), name: call.body.name }
    return checkRunJson(call, await call.hub.change(() => createCheckRun(call.hub, actor, repository, sha, change)))
  }),
  operation("checks/get", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    return checkRunJson(call, findCheckRun(call.hub, repository, call.path.check_run_id))
  }),
  operation("checks/update", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const run = findCheckRun(call.hub, repository, call.path.check_run_id)
    const change = changeOf(call.body)
    return checkRunJson(call, await call.hub.change(() => updateCheckRun(call.hub, actor, repository, run, change)))
  }),
  operation("checks/list-for-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const sha = await shaOf(call, repository, call.path.ref)
    const all = call.hub.tables.checkRuns.where("commit", `${repository.id} ${sha}`)
    const runs = matching(call.query.filter === "all" ? all : checksOf(call.hub, repository, sha).runs, call.query)
    return { total_count: runs.length, check_runs: call.page(runs, (run) => checkRunJson(call, run)) }
  }),
  operation("checks/list-for-suite", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const suite = call.hub.tables.checkSuites.get(call.path.check_suite_id)
    if (suite?.repositoryId !== repository.id) throw notFound()
    const runs = matching(call.hub.tables.checkRuns.where("suite", suite.id), call.query)
    return { total_count: runs.length, check_runs: call.page(runs, (run) => checkRunJson(call, run)) }
  }),
  operation("checks/list-annotations", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const run = findCheckRun(call.hub, repository, call.path.check_run_id)
    const { url } = minimalRepository(call, repository)
    return call.page(run.annotations, (one) => ({
      path: String(one["path"]),
      start_line: Number(one["start_line"]),
      end_line: Number(one["end_line"]),
      start_column: typeof one["start_column"] === "number" ? one["start_column"] : null,
      end_column: typeof one["end_column"] === "number" ? one["end_column"] : null,
      annotation_level: String(one["annotation_level"]),
      title: typeof one["title"] === "string" ? one["title"] : null,
      message: String(one["message"]),
      raw_details: typeof one["raw_details"] === "string" ? one["raw_details"] : null,
      blob_href: `${url}/git/blobs/${run.sha}`
    }))
  })
]

const suiteOperations = [
  operation("checks/create-suite", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const actor = requireWriter(call.hub, call.viewer, repository)
    const sha = await shaOf(call, repository, call.body.head_sha)
    return checkSuiteJson(call, await call.hub.change(() => ensureSuite(call.hub, actor, repository, sha)))
  }),
  operation("checks/get-suite", (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const suite = call.hub.tables.checkSuites.get(call.path.check_suite_id)
    if (suite?.repositoryId !== repository.id) throw notFound()
    return checkSuiteJson(call, suite)
  }),
  operation("checks/list-suites-for-ref", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const sha = await shaOf(call, repository, call.path.ref)
    const suites = call.hub.tables.checkSuites.where("commit", `${repository.id} ${sha}`)
    return { total_count: suites.length, check_suites: call.page(suites, (suite) => checkSuiteJson(call, suite)) }
  })
]

/** Commit statuses, check runs, check suites. */
export const checkOperations = [...statusOperations, ...runOperations, ...suiteOperations]
